// The texts, in the person's language. They come from the agent; the page has no words of its own.

export const LANGUAGES = { ru: 'Рус', kk: 'Қаз', en: 'Eng' };

let texts = {};
let plurals = new Intl.PluralRules('en');
let current = 'en';
/** The language that was asked for last. */
let asked = current;

/** The language that the person chose on this page, else the browser's first that there are texts in. */
export function preferredLanguage() {
  const chosen = localStorage.getItem('language');
  const wanted = [chosen, ...navigator.languages].filter(Boolean).map((tag) => tag.toLowerCase().split('-')[0]);
  return wanted.find((tag) => tag in LANGUAGES) ?? 'en';
}

/** Fetches the texts of one language without speaking it. */
export async function fetchTexts(language) {
  const response = await fetch(`/approve/texts.json?lang=${language}`);
  if (!response.ok) throw new Error(`no texts: ${response.status}`);
  return response.json();
}

/** Speaks `language` from now on; says whether it does, for another one may have been chosen since. */
export async function speak(language) {
  asked = language;
  const fetched = await fetchTexts(language);
  if (asked !== language) return false;
  texts = fetched;
  plurals = new Intl.PluralRules(language);
  current = language;
  document.documentElement.lang = language;
  return true;
}

export const language = () => current;

/** Whether there is a text of this key. */
export const has = (key) => key in texts;

/** The text of a key. `count` chooses the plural and stands where the text says so. */
export function t(key, values = {}) {
  const template = texts[`${key}.${plurals.select(values.count ?? 0)}`] ?? texts[`${key}.other`] ?? texts[key] ?? key;
  return template.replace(/\{(\w+)\}/g, (place, name) => (name in values ? String(values[name]) : place));
}

/** A size for people. Browsers without Kazakh write numbers the English way; the country's are as in Russian. */
export function size(bytes) {
  const number = (value) => new Intl.NumberFormat(current === 'kk' ? 'ru' : current, { maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
  if (bytes < 1000) return t('ui-size-bytes', { count: bytes });
  for (const [unit, next] of [['kb', 1e6], ['mb', 1e9], ['gb', Infinity]]) {
    if (bytes < next) return t(`ui-size-${unit}`, { size: number(bytes / (unit === 'kb' ? 1e3 : unit === 'mb' ? 1e6 : 1e9)) });
  }
  return '';
}

/** A day for people. */
export const day = (time) => format({ day: 'numeric', month: 'long', year: 'numeric' }, { day: '2-digit', month: '2-digit', year: 'numeric' }, time);

/** A moment for people. */
export const moment = (time) => format({ dateStyle: 'medium', timeStyle: 'short' }, { day: '2-digit', month: '2-digit', year: 'numeric', hour: '2-digit', minute: '2-digit' }, time);

/** Browsers without Kazakh month names write numbers such as M11; digits in the order of the country are better. */
function format(options, plain, time) {
  const known = Intl.DateTimeFormat.supportedLocalesOf(current).length > 0 && current !== 'kk';
  return new Intl.DateTimeFormat(known ? current : 'ru', known ? options : plain).format(new Date(time));
}
