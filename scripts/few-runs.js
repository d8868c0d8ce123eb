// How often a property is tried against a mutant: most mutants fall at once.
export const propertyRuns = 120
