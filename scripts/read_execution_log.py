"""Reads a recorded SHDR log (text or gzip) and prints as JSON how long the machine was in each execution state.

A second opinion for tests: shares no code with the project. Rows from before the day with most rows (what each item
last said before the recording began) are left out. Usage: python3 read_execution_log.py LOG
"""
import collections, datetime, gzip, json, sys

path = sys.argv[1]
rows = []
with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8", newline="\n") as log:
    for line in log:
        fields = line.rstrip("\r\n").split("|")
        try:
            time = datetime.datetime.fromisoformat(fields[0].replace("Z", "+00:00"))
        except ValueError:
            continue
        rows.append((time.replace(tzinfo=datetime.timezone.utc), dict(zip(fields[1::2], fields[2::2]))))
busiest = max(collections.Counter(time.date() for time, _ in rows).items(), key=lambda day: (day[1], day[0]))[0]
end = max(time for time, _ in rows)
changes = sorted(((t, items["execution"].strip()) for t, items in rows if "execution" in items), key=lambda row: row[0])
seconds = collections.defaultdict(float)
for (start, state), (stop, _) in zip(changes, changes[1:] + [(end, "")]):
    if start.date() >= busiest:
        seconds[state] += (stop - start).total_seconds()
counter, previous = 0.0, None
for time, items in sorted(rows, key=lambda row: row[0]):
    if time.date() >= busiest and "auto_time" in items:
        try:
            value = float(items["auto_time"])
        except ValueError:
            continue  # UNAVAILABLE: the controller counts on while nobody listens
        counter += max(0.0, value - previous) if previous is not None else 0.0
        previous = value
working = sum(seconds[state] for state in ("ACTIVE", "INTERRUPTED", "FEED_HOLD"))
json.dump({"seconds": {state: round(s, 3) for state, s in sorted(seconds.items())}, "auto_time": counter,
           "working": round(working, 3), "ratio": round(working / counter, 4) if counter else None}, sys.stdout)
print()
