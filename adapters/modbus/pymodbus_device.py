"""A Modbus TCP device that this project did not write: pymodbus, with the registers given as JSON.

Usage: pymodbus_device.py PORT '{"holding": {"0": 5}, "input": {}, "coil": {}, "discrete": {}}'

Registers that are not given do not exist. PORT 0 is any free one; the port is printed when it listens. Ends with its
standard input, so that it never outlives who started it.
"""

import asyncio
import json
import sys

from pymodbus.datastore import ModbusServerContext, ModbusSlaveContext, ModbusSparseDataBlock
from pymodbus.server.async_io import ModbusTcpServer


def block(registers):
    # A sparse block cannot be empty; the last address stands in.
    return ModbusSparseDataBlock({int(at): value for at, value in registers.items()} or {65535: 0})


async def main():
    port, tables = int(sys.argv[1]), json.loads(sys.argv[2])
    device = ModbusSlaveContext(
        hr=block(tables.get("holding", {})),
        ir=block(tables.get("input", {})),
        co=block(tables.get("coil", {})),
        di=block(tables.get("discrete", {})),
        zero_mode=True,
    )
    server = ModbusTcpServer(
        ModbusServerContext(slaves=device, single=True), address=("127.0.0.1", port), allow_reuse_address=True
    )
    serving = asyncio.ensure_future(server.serve_forever())
    await server.serving
    print(server.server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    serving.cancel()


try:
    asyncio.run(main())
except asyncio.exceptions.CancelledError:
    pass
