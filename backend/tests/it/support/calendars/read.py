"""Reads calendars with icalendar. Standard input is a JSON array of files, standard output one of what they say.

A file that is not as RFC 5545 wants it is an error. Local times are read by the VTIMEZONE of their file.
"""

import datetime
import json
import sys

import icalendar

UTC = datetime.timezone.utc

# RFC 7986, of which it leaves the escapes in.
icalendar.TypesFactory.types_map["name"] = "text"


def check(component):
    """Fails for what icalendar read in spite of its faults."""
    for part in component.walk():
        missing = [name for name in part.required if name not in part]
        repeated = [name for name in part.singletons if isinstance(part.get(name), list)]
        if part.errors or missing or repeated:
            raise ValueError(f"{part.name}: {part.errors}, without {missing}, more than one {repeated}")


def instant(event, name, zones):
    """The instant of a property; None where there is none."""
    if name not in event:
        return None
    value = event[name]
    moment = value.dt
    if "TZID" in value.params:
        # Not the zone of the same name that Python has.
        moment = moment.replace(tzinfo=zones[value.params["TZID"]])
    if moment.utcoffset() is None:
        raise ValueError(f"{name} is in no zone")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def text(component, name):
    return str(component[name]) if name in component else None


def read(file):
    calendar = icalendar.Calendar.from_ical(file)
    check(calendar)
    zones = {zone.tz_name: zone.to_tz(lookup_tzid=False) for zone in calendar.walk("VTIMEZONE")}
    return {
        "method": text(calendar, "METHOD"),
        "name": text(calendar, "NAME"),
        "events": [
            {
                "uid": text(event, "UID"),
                "sequence": int(event["SEQUENCE"]),
                "changed_at": instant(event, "DTSTAMP", zones),
                "start": instant(event, "DTSTART", zones),
                "end": instant(event, "DTEND", zones),
                "status": text(event, "STATUS"),
                "transparency": text(event, "TRANSP"),
                "summary": text(event, "SUMMARY"),
                "location": text(event, "LOCATION"),
                "description": text(event, "DESCRIPTION"),
                "url": text(event, "URL"),
            }
            for event in calendar.walk("VEVENT")
        ],
    }


json.dump([read(file) for file in json.load(sys.stdin)], sys.stdout)
