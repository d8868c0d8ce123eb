import { expect, it } from 'vitest'
import { MessageSequence } from './message-sequence.js'

/** `5` is a message of that number, `-5` a keep-alive that bears it. */
function missing(...numbers: readonly number[]): number[] {
  const sequence = new MessageSequence()
  return numbers.map(number =>
    sequence.take({ sequenceNumber: Math.abs(number), notificationData: number > 0 ? [{}] : [] }),
  )
}

it('misses nothing while numbers follow one another, keep-alives between them included', () => {
  expect(missing(1, 2, -3, -3, 3, 4)).toEqual([0, 0, 0, 0, 0, 0])
  expect(missing(-1, 1), 'from the first').toEqual([0, 0])
  expect(missing(70, 71), 'whatever the first is').toEqual([0, 0])
})

it('counts the messages that never came, whether a message or a keep-alive tells it', () => {
  expect(missing(1, 5, 6)).toEqual([0, 3, 0])
  expect(missing(1, -5, 5)).toEqual([0, 3, 0])
})

it('takes a message that is told again for none that is missing', () => {
  expect(missing(7, 8, 7, 9)).toEqual([0, 0, 0, 0])
})

it('goes on at 1 after the largest number', () => {
  const largest = 2 ** 32 - 1
  expect(missing(largest - 1, largest, 1, 2)).toEqual([0, 0, 0, 0])
  expect(missing(largest - 1, 2)).toEqual([0, 2])
  expect(missing(largest, -1, 1)).toEqual([0, 0, 0])
})
