import type { OpenAPIHono } from '@hono/zod-openapi'
import type { RegisteredSignal } from '../floor/floor.js'
import { costRates } from '../kpi/cost-rates.js'
import { addCalibrationRoutes } from './calibrations.js'
import type { ApiContext } from './context.js'
import { addControlChartRoute } from './control-charts.js'
import { addDocsRoutes } from './docs.js'
import { addDowntimeRoutes } from './downtime.js'
import { addEnergyRoute } from './energy.js'
import { addFaultRoutes } from './faults.js'

import { addHealthRoutes } from './health.js'
import { addHistoryRoutes } from './history.js'
import { addIngestRoute } from './ingest.js'
import { addKpiRoutes } from './kpis.js'
import { addLinkRoutes } from './links.js'
import { addMachineRoutes } from './machines.js'
import { addMaintenanceRoutes } from './maintenance.js'
import { addManifestRoute, type ManifestBook, type ManifestDocument } from './manifest.js'
import { addParetoRoute } from './pareto.js'
import { addPlantRoutes } from './plant.js'
import { addProductionRoutes } from './production.js'
import { addQualityRoutes } from './quality.js'
import { addReliabilityRoutes } from './reliability.js'
import { createRouter } from './router.js'
import { addSignalRoutes } from './signals.js'
import { addSourceRoutes } from './sources.js'
import { addStateRoute } from './state.js'
import { addTwinRoutes } from './twins.js'
import { addWorkOrderRoutes } from './work-orders.js'

/** All of REST, testable without a socket (`api.request('/healthz')`). The gateway adds the viewer and serves it. */
export function createApi(
  context: ApiContext,
  manifest: ManifestDocument,
  manifests?: ManifestBook,
): OpenAPIHono {
  const router = createRouter(context.logger)
  const inOtherUnits = (of: RegisteredSignal) => context.plants?.otherUnits(of) ?? []
  addHealthRoutes(router, context)
  addPlantRoutes(router, context)
  addMachineRoutes(router, context)
  addFaultRoutes(router, context)
  addLinkRoutes(router, context)
  addSignalRoutes(router, context)
  addHistoryRoutes(router, context)
  addSourceRoutes(router, context)
  addQualityRoutes(router, context)
  addStateRoute(router, context)
  if (context.maintenance !== undefined) {
    addMaintenanceRoutes(router, context.maintenance)
    addCalibrationRoutes(router, context.floor, context.maintenance)
  }
  if (context.ingest !== undefined) addIngestRoute(router, context.ingest)
  addTwinRoutes(router, context)
  if (context.kpis !== undefined) {
    const { floor, kpis, values, pool, orders } = context
    const rates = costRates(floor.plant, kpis.plans, orders)
    addKpiRoutes(router, floor, kpis, rates)
    addParetoRoute(router, { floor, kpis, store: values, rates })
    if (pool !== undefined && values !== undefined)
      addEnergyRoute(router, floor, kpis, { store: values, pool }, inOtherUnits)
    if (orders !== undefined && values !== undefined)
      addWorkOrderRoutes(router, floor, orders, kpis, values, rates)
    addReliabilityRoutes(router, context.floor, context.kpis)
    if (context.values !== undefined)
      addControlChartRoute(router, context.floor, context.kpis, context.values, inOtherUnits)
    if (context.production !== undefined) addProductionRoutes(router, floor, kpis, context.production)
  }
  if (context.downtime !== undefined && context.kpis !== undefined)
    addDowntimeRoutes(router, context.floor, context.kpis, context.downtime)
  addManifestRoute(router, manifest, manifests)
  addDocsRoutes(router)
  return router
}
