// For a mutation run the first failure is enough: nobody reads a shrunk one.
import fc from 'fast-check'

fc.configureGlobal({ endOnFailure: true })
