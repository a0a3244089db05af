// Times and numbers by Intl, in one language and the browser's time zone.

/** @type {Map<string, Intl.DateTimeFormat | Intl.NumberFormat | Intl.RelativeTimeFormat | any>} */
const made = new Map();

/** @template T @param {string} name @param {() => T} make @returns {T} */
function once(name, make) {
  let format = made.get(name);
  if (!format) made.set(name, format = make());
  return format;
}

/**
 * The browser's own region, where it speaks the app's language: a day in Britain is written otherwise than in America. An English app on a device that speaks
 * something else writes it as most of the world does.
 * @param {string} language
 */
function regional(language) {
  const own = navigator.language;
  return own.split('-')[0] === language ? own : language === 'en' ? 'en-GB' : language;
}

/** @param {string} language @param {string} name @param {Intl.DateTimeFormatOptions} options @param {number} at */
function date(language, name, options, at) {
  return once(`${language} ${name}`, () => new Intl.DateTimeFormat(regional(language), options)).format(at);
}

/** @param {number} at the local calendar day, rising by one a day */
export function dayNumber(at) {
  const day = new Date(at);
  return Math.round(Date.UTC(day.getFullYear(), day.getMonth(), day.getDate()) / 86_400_000);
}

/** @param {string} language @param {number} at */
export const time = (language, at) => date(language, 'time', { hour: '2-digit', minute: '2-digit' }, at);

/** @param {string} language @param {number} at */
export const full = (language, at) => date(language, 'full', { dateStyle: 'full', timeStyle: 'medium' }, at);

/** @param {string} language @param {number} at @param {number} now */
export function day(language, at, now) {
  const ago = dayNumber(now) - dayNumber(at);
  const text = ago === 0 || ago === 1 ? nearDay(language, -ago)
    : ago > 1 && ago < 7 ? date(language, 'weekday', { weekday: 'long' }, at)
      : new Date(at).getFullYear() === new Date(now).getFullYear() ? date(language, 'day', { day: 'numeric', month: 'long' }, at)
        : date(language, 'dayYear', { day: 'numeric', month: 'long', year: 'numeric' }, at);
  return text.charAt(0).toLocaleUpperCase(language) + text.slice(1);
}

/** @param {string} language @param {number} at @param {number} now */
export function brief(language, at, now) {
  const ago = dayNumber(now) - dayNumber(at);
  if (ago === 0) return time(language, at);
  if (ago === 1) return day(language, at, now);
  if (ago > 1 && ago < 7) return date(language, 'weekdayShort', { weekday: 'short' }, at);
  return date(language, 'dayShort', { day: '2-digit', month: '2-digit', year: '2-digit' }, at);
}

/** @param {string} language @param {number} days */
function nearDay(language, days) {
  return once(`${language} near`, () => new Intl.RelativeTimeFormat(language, { numeric: 'auto' })).format(days, 'day');
}

/** @param {string} language @param {number} at @param {number} now */
export function relative(language, at, now) {
  const seconds = (at - now) / 1000;
  const units = /** @type {[Intl.RelativeTimeFormatUnit, number][]} */ ([['day', 86_400], ['hour', 3600], ['minute', 60], ['second', 1]]);
  const [unit, size] = units.find(([, least]) => Math.abs(seconds) >= least) ?? units[3];
  return once(`${language} relative`, () => new Intl.RelativeTimeFormat(language, { numeric: 'auto' })).format(Math.round(seconds / size), unit);
}

/** @param {string} language @param {number} value @param {string} unit */
function unit(language, value, unit) {
  return once(`${language} ${unit}`, () => new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: unit === 'millisecond' ? 'short' : 'long', maximumFractionDigits: 0 })).format(value);
}

/** @param {string} language @param {number} ms */
export function duration(language, ms) {
  if (ms < 1000) return unit(language, ms, 'millisecond');
  const seconds = Math.round(ms / 1000);
  const parts = /** @type {[string, number][]} */ ([
    ['day', Math.floor(seconds / 86_400)], ['hour', Math.floor(seconds / 3600) % 24], ['minute', Math.floor(seconds / 60) % 60], ['second', seconds % 60]]);
  const first = parts.findIndex(([, value]) => value > 0);
  return parts.slice(first, first + 2).filter(([, value]) => value > 0).map(([name, value]) => unit(language, value, name)).join(', ');
}

/** @param {string} language @param {number} value */
export const number = (language, value) => once(`${language} number`, () => new Intl.NumberFormat(language)).format(value);

/** @param {string} language @param {number} bytes */
export function size(language, bytes) {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
  const power = bytes < 1000 ? 0 : Math.min(4, Math.floor(Math.log10(bytes) / 3));
  return once(`${language} size ${power}`, () => new Intl.NumberFormat(language, { style: 'unit', unit: units[power], unitDisplay: 'short', maximumFractionDigits: power > 1 ? 1 : 0 }))
    .format(bytes / 1000 ** power);
}
