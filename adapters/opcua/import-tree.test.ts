import { describe, expect, it } from 'vitest'
import type { BrowsedNode } from './browse.js'
import { machinesOfTree } from './import-tree.js'

const object = (name: string, ...children: BrowsedNode[]): BrowsedNode => ({
  name,
  nodeId: `ns=2;s=${name}`,
  kind: 'object',
  typeDefinition: 'ns=0;i=58',
  children,
})
const variable = (
  name: string,
  dataType: string,
  kind: 'variable' | 'property' = 'variable',
): BrowsedNode => ({
  ...object(name),
  kind,
  dataType,
})
const good = { status: 'Good', sourceTime: undefined }
const found = (nodes: readonly BrowsedNode[], machinesAt?: number) =>
  machinesOfTree(nodes, { machinesAt, analog: new Map() }).map(({ name, group, signals }) => [
    group,
    name,
    ...signals.map(signal => signal.name),
  ])

describe('the machines of a tree', () => {
  it('say what is left out of them, and of those that have nothing else', () => {
    const tree = [
      object(
        'Line',
        object(
          'A',
          variable('Curve', 'Double[]'),
          object('Part', variable('Odd', '')),
          variable('States', 'NodeId[]'),
          { ...variable('Recipe', 'RecipeType'), value: { ...good, text: '{}', isStructure: true } },
          { ...variable('Kind', 'KindType'), value: { ...good, text: '1' } },
          variable('X', 'Byte'),
        ),
        object('B', variable('Curves', 'Float[]')),
        object('C', variable('Y', 'Byte')),
      ),
    ]
    const left = machinesOfTree(tree, { machinesAt: 2, analog: new Map() })
    expect(left.map(({ name, signals, leftOut }) => [name, signals.length, leftOut])).toEqual([
      ['A', 2, ['Line.A.Curve (Double[])', 'Line.A.Part.Odd (type unknown)', 'Line.A.Recipe (RecipeType)']],
      ['B', 0, ['Line.B.Curves (Float[])']],
      ['C', 1, undefined],
    ])
  })

  it('are the objects in the folder Machines, as the companion specification for machinery has it', () => {
    const machine = object(
      'Mill',
      object('Identification', variable('Manufacturer', 'LocalizedText', 'property')),
      object('Components', object('Spindle', variable('Speed', 'Double'))),
      object(
        'MachineryBuildingBlocks',
        object('MachineryItemState', variable('CurrentState', 'LocalizedText')),
      ),
    )
    expect(found([object('Machines', machine, object('Empty'))])).toEqual([
      [
        'Machines',
        'Mill',
        'Components.Spindle.Speed',
        'MachineryBuildingBlocks.MachineryItemState.CurrentState',
      ],
    ])
  })

  it('are the objects with Status and Admin, as PackML has it; their state is told by name', () => {
    const unit = object(
      'Filler',
      object('Status', variable('MachSpeed', 'Float'), variable('StateCurrent', 'String')),
      object('Admin', variable('ProdProcessedCount', 'Int32')),
    )
    expect(found([object('Line 1', unit)])).toEqual([
      ['Line 1', 'Filler', 'Status.MachSpeed', 'Status.StateCurrent', 'Admin.ProdProcessedCount'],
    ])
    const [machine] = machinesOfTree([unit], { analog: new Map() })
    expect(machine!.signals[1]).toMatchObject({ type: 'text', quantity: 'state', stateMap: 'packml' })
  })

  it('are the uppermost objects with variables elsewhere, without what a gateway keeps of itself', () => {
    const device = (name: string) =>
      object(
        name,
        variable('Temp', 'Float'),
        object('_System', variable('_Error', 'Boolean')),
        object('Axis', variable('X', 'Double')),
      )
    expect(
      found([
        object('Channel1', device('PLC1'), device('PLC2'), object('_Statistics', variable('_Rx', 'UInt32'))),
      ]),
    ).toEqual([
      ['Channel1', 'PLC1', 'Temp', 'Axis.X'],
      ['Channel1', 'PLC2', 'Temp', 'Axis.X'],
    ])
  })

  it('stand where they are said to stand', () => {
    const tree = [
      object('Plant', variable('Name', 'String'), object('Cell', object('A', variable('X', 'Double')))),
    ]
    expect(found(tree)).toEqual([['', 'Plant', 'Name', 'Cell.A.X']])
    expect(found(tree, 3)).toEqual([['Cell', 'A', 'X']])
  })

  it('have no signal of an array or of something that is not told', () => {
    expect(
      found([object('A', variable('List', 'Double[]'), variable('?', ''), variable('X', 'Byte'))]),
    ).toEqual([['', 'A', 'X']])
  })
})
