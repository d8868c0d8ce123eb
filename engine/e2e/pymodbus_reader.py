"""Reads everything that a register map names over Modbus TCP, with pymodbus, and tries what must be refused.

Usage: pymodbus_reader.py PORT REGISTERS.CSV

Prints JSON: `values` by signal, `refused` with the code of the exception.
"""

import csv
import json
import struct
import sys

from pymodbus.client import ModbusTcpClient
from pymodbus.register_read_message import ReadHoldingRegistersRequest

client = ModbusTcpClient("127.0.0.1", int(sys.argv[1]))
client.connect()


def value(row):
    unit, address, width, kind = int(row["unit"]), int(row["address"]), int(row["width"]), row["type"]
    if row["table"] == "coil":
        coil, discrete = (read(address, 1, slave=unit).bits[0] for read in (client.read_coils, client.read_discrete_inputs))
        assert coil == discrete
        return int(coil)
    words = client.read_holding_registers(address, width, slave=unit).registers
    assert words == client.read_input_registers(address, width, slave=unit).registers
    raw = struct.pack(f">{width}H", *words)
    if kind == "float64":
        return struct.unpack(">d", raw)[0]
    if kind == "uint32":
        return struct.unpack(">I", raw)[0]
    return raw.split(b"\0")[0].decode()


with open(sys.argv[2], newline="") as file:
    rows = list(csv.DictReader(file))
end = max(int(row["address"]) + int(row["width"]) for row in rows if row["table"] == "holding")
refused = {
    "beyond the last register": client.read_holding_registers(end, 1, slave=1),
    "too many registers": client.execute(ReadHoldingRegistersRequest(0, 126, unit=1)),
    "a unit that is not there": client.read_holding_registers(0, 1, slave=200),
    "writing a register": client.write_register(0, 1, slave=1),
}
print(
    json.dumps(
        {
            "values": {row["signal"]: value(row) for row in rows},
            "refused": {what: answer.exception_code for what, answer in refused.items()},
        }
    )
)
client.close()
