import { vi } from 'vitest'
import './borders-suite.js'
import './control-charts-suite.js'
import './energy-suite.js'
import './groups-suite.js'
import './odd-input-suite.js'
import './past-stops-suite.js'
import './scrap-sums-suite.js'
import './time-ahead-suite.js'
import './trust-suite.js'

// One database is started for all of them; on a busy machine that takes a while.
vi.setConfig({ testTimeout: process.env.GEMBA_SOAK ? 1_200_000 : 120_000, hookTimeout: 60_000 })
