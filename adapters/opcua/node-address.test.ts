import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readTag, TagError } from './node-address.js'

const namespaces = ['http://opcfoundation.org/UA/', 'urn:plc', 'http://x/;%']

describe('a tag', () => {
  it.each([
    ['ns=2;s=Line1.Press 1;x=3', { nodeId: 'ns=2;s=Line1.Press 1;x=3' }],
    ['i=2258', { nodeId: 'ns=0;i=2258' }],
    ['s=Speed', { nodeId: 'ns=0;s=Speed' }],
    [
      'ns=1;g=72962B91-FA75-4AE6-8D28-B404DC7DAF63',
      { nodeId: 'ns=1;g=72962B91-FA75-4AE6-8D28-B404DC7DAF63' },
    ],
    ['ns=1;b=aGVsbG8=', { nodeId: 'ns=1;b=aGVsbG8=' }],
    ['nsu=urn:plc;s=Speed', { nodeId: 'ns=1;s=Speed' }],
    ['nsu=http://x/%3B%25;i=5', { nodeId: 'ns=2;i=5' }],
    ['index=3;ns=2;s=Zones', { nodeId: 'ns=2;s=Zones', indexRange: '3' }],
    ['index=0:2,1;ns=2;s=Zones', { nodeId: 'ns=2;s=Zones', indexRange: '0:2,1' }],
  ])('%s names a node', (tag, expected) => {
    expect(readTag(tag, namespaces)).toEqual({ indexRange: undefined, ...expected })
  })

  it.each([
    ['Speed', '"Speed" is not a node; write ns=2;s=Name or nsu=uri;s=Name'],
    ['', '"" is not a node'],
    ['ns=99999;s=Speed', '99999 is not the index of a namespace'],
    ['ns=1;i=Speed', '"i=Speed" is not an identifier of a node'],
    ['i=4294967296', '"i=4294967296" is not an identifier of a node'],
    ['ns=1;g=72962B91', '"g=72962B91" is not an identifier of a node'],
    [
      'nsu=urn:other;s=Speed',
      'the server has no namespace "urn:other"; it has http://opcfoundation.org/UA/, urn:plc',
    ],
  ])('%s names none, and says why', (tag, message) => {
    expect(() => readTag(tag, namespaces)).toThrow(TagError)
    expect(() => readTag(tag, namespaces)).toThrow(message)
  })

  it('names the node of any text there may be in a server', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.integer({ min: 0, max: 65_535 }), (name, index) => {
        expect(readTag(`ns=${index};s=${name}`, [])).toEqual({ nodeId: `ns=${index};s=${name}` })
      }),
    )
  })

  it('never fails with anything but its own error', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map(text => `ns=${text}`),
          fc.string().map(text => `nsu=${text}`),
        ),
        tag => {
          try {
            readTag(tag, namespaces)
          } catch (error) {
            expect(error).toBeInstanceOf(TagError)
          }
        },
      ),
    )
  })
})
