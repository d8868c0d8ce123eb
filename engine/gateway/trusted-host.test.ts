import { describe, expect, it } from 'vitest'
import { isLoopback, isTrustedHost, isTrustedOrigin } from './trusted-host.js'

describe('Who may read the plant', () => {
  it('S2 knows loopback by its names', () => {
    for (const host of [
      'localhost',
      'LOCALHOST:80',
      '127.0.0.1:8080',
      '127.8.9.1',
      '[::1]',
      '[::1]:80',
      'a.localhost:1',
    ]) {
      expect(isLoopback(host)).toBe(true)
    }
    for (const host of [
      '',
      'localhost.example',
      '127.0.0.1.example',
      '10.0.0.1',
      '[::2]',
      '128.0.0.1',
      'x127.0.0.1',
    ]) {
      expect(isLoopback(host)).toBe(false)
    }
  })

  it('S2 lets a gateway bound elsewhere answer to any name', () => {
    expect(isTrustedHost('plant.example', '0.0.0.0')).toBe(true)
    expect(isTrustedHost('plant.example', '127.0.0.1')).toBe(false)
    expect(isTrustedHost('plant.example', '::1')).toBe(false)
    expect(isTrustedHost('', '127.0.0.1')).toBe(true)
  })

  it('S2 takes a page of its own origin for its own', () => {
    expect(isTrustedOrigin('https://plant.example:8443', 'plant.example:8443')).toBe(true)
    expect(isTrustedOrigin('https://plant.example:8443', 'plant.example')).toBe(false)
    expect(isTrustedOrigin('null', 'plant.example')).toBe(false)
    expect(isTrustedOrigin('file://', '')).toBe(false)
  })
})
