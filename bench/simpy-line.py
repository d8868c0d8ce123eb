"""The line of the benchmark "lines" in SimPy, as its documentation would have it written.

Machines with exponential cycles and failures by operating time, in a row, blocked after service; a machine takes from
a Store and puts into the next. Arguments: machines, places between them, mean cycle, up and down time, parts, seed.
Prints the seconds of wall time and the simulated time it took to finish the parts.
"""

import random
import sys
import time

import simpy

machines, places = int(sys.argv[1]), int(sys.argv[2])
cycle, up, down = (float(each) for each in sys.argv[3:6])
parts, seed = int(sys.argv[6]), int(sys.argv[7])

env = simpy.Environment()
stores = [simpy.Store(env, capacity=places) for _ in range(machines - 1)]
done = env.event()
finished = 0


def machine(place):
    global finished
    chance = random.Random(f"{seed} {place}")
    left = chance.expovariate(1 / up)
    while True:
        if place > 0:
            yield stores[place - 1].get()
        work = chance.expovariate(1 / cycle)
        while left < work:
            yield env.timeout(left)
            work -= left
            yield env.timeout(chance.expovariate(1 / down))
            left = chance.expovariate(1 / up)
        yield env.timeout(work)
        left -= work
        if place < machines - 1:
            yield stores[place].put(1)
            continue
        finished += 1
        if finished == parts:
            done.succeed()


for place in range(machines):
    env.process(machine(place))
start = time.perf_counter()
env.run(until=done)
print(time.perf_counter() - start, env.now, simpy.__version__)
