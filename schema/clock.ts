/**
 * Time is an input. A floor (live, replay, scenario) has one clock, and gates, staleness, age and shifts read
 * that clock and no other, so that a log of 2017 played today is live on its own floor.
 */
export interface Clock {
  /** Now, Unix milliseconds UTC. */
  now(): number
}
