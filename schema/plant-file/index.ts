export { type LoadedPlant, type LoadPlantOptions, loadPlant } from './load-plant.js'
export { plantToYaml } from './plant-to-yaml.js'
export { formatProblem, type PlantPath, type PlantProblem } from './problem.js'
export type { CheckSource, SourceFault } from './sources.js'
