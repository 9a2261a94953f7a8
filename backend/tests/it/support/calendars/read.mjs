// Reads calendars with ical.js, whose module is the argument. Standard input is a JSON array of files, standard output one of
// what they say. Local times are read by the VTIMEZONE of their file.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { default: ICAL } = await import(pathToFileURL(process.argv[2]).href);

// RFC 7986, which it does not know.
ICAL.design.icalendar.property.name = { defaultType: "text" };

function instant(event, name) {
  const time = event.getFirstPropertyValue(name);
  if (time === null) return null;
  if (time.zone === ICAL.Timezone.localTimezone) throw new Error(`${name} is in no zone`);
  return time.toJSDate().toISOString();
}

function read(file) {
  const calendar = new ICAL.Component(ICAL.parse(file));
  // Those of the file before must not help.
  ICAL.TimezoneService.reset();
  calendar.getAllSubcomponents("vtimezone").forEach((zone) => ICAL.TimezoneService.register(zone));
  return {
    method: calendar.getFirstPropertyValue("method"),
    name: calendar.getFirstPropertyValue("name"),
    events: calendar.getAllSubcomponents("vevent").map((event) => ({
      uid: event.getFirstPropertyValue("uid"),
      sequence: event.getFirstPropertyValue("sequence"),
      changed_at: instant(event, "dtstamp"),
      start: instant(event, "dtstart"),
      end: instant(event, "dtend"),
      status: event.getFirstPropertyValue("status"),
      transparency: event.getFirstPropertyValue("transp"),
      summary: event.getFirstPropertyValue("summary"),
      location: event.getFirstPropertyValue("location"),
      description: event.getFirstPropertyValue("description"),
      url: event.getFirstPropertyValue("url"),
    })),
  };
}

console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(read)));
