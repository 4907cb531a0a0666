// What the person looks after: connected programs, remembered permissions, work in hand. Each is read when it is opened and when the
// agent says that it changed.

import { call } from './api.js';
import { whose } from './certificate.js';
import { arrange, el } from './dom.js';
import { JobRow } from './jobs.js';
import { notice, permission } from './question.js';
import { documentsWord } from './remember.js';
import { moment, t } from './texts.js';

/** So many jobs are listed: the newest, and the newest of those that wait for the person. */
const JOBS = 10;

/** A program's name has at most so many characters. */
const NAME_LENGTH = 80;

/** A part of the page that opens, and lists things. */
class Panel {
  #title;
  #nothing;
  #read;
  #list = el('ul', {});
  #isReading = false;
  #isStale = false;

  /** `read` gives the rows as elements, given what to call when one of them changed something. */
  constructor(title, nothing, read) {
    [this.#title, this.#nothing, this.#read] = [title, nothing, read];
    this.element = el('details', { class: 'card panel' }, el('summary', {}, t(title)), this.#list);
    this.element.addEventListener('toggle', () => this.refresh());
  }

  /** Reads anew what is in sight, once more when something changes meanwhile. */
  async refresh() {
    if (!this.element.open) return;
    this.#isStale = true;
    if (this.#isReading) return;
    this.#isReading = true;
    while (this.#isStale) {
      this.#isStale = false;
      arrange(this.#list, await this.#rows());
    }
    this.#isReading = false;
  }

  async #rows() {
    try {
      const rows = await this.#read((work) => this.#change(work));
      return rows.length ? rows : [el('li', { class: 'soft' }, t(this.#nothing))];
    } catch (problem) {
      return [el('li', {}, notice(problem.message, problem.advice))];
    }
  }

  /** In another language. */
  redraw() {
    this.element.querySelector('summary').textContent = t(this.#title);
    this.refresh();
  }

  async #change(work) {
    this.element.querySelector(':scope > .notice')?.remove();
    try {
      await work;
    } catch (problem) {
      this.element.append(notice(problem.message, problem.advice));
    }
    await this.refresh();
  }
}

export const applications = new Panel('ui-applications', 'ui-applications-none', async (change) => {
  const { applications: all } = await call('GET', '/v1/applications');
  return all.map((application) => row(
    application.name,
    [
      application.origin,
      application.executable && `${t('ui-executable')}: ${application.executable}`,
      application.prepared && `${t('ui-connected-by')}: ${t('ui-connected-by-administrator')}`,
      application.permissions.map(permission).join('; '),
      `${t('ui-last-used')}: ${application.last_used_at ? moment(application.last_used_at) : '–'}`,
    ],
    renaming(application, change),
    end(t('ui-revoke'), application.name, () => change(call('DELETE', `/v1/applications/${application.id}`))),
  ));
});

export const grants = new Panel('ui-grants', 'ui-grants-none', async (change) => {
  const { grants: all } = await call('GET', '/v1/grants');
  return all.map((grant) => row(
    grant.application_name ?? grant.application,
    [
      [documentsWord(grant.documents), grant.service && t(`ui-service-${grant.service}`), grant.profile].filter(Boolean).join(' · '),
      grant.holder ? whose({ subject: grant.subject, ...grant.holder }).join(' · ') : grant.subject ?? grant.certificate,
      `${t('ui-grant-left', { count: grant.max_uses - grant.used })} · ${t('ui-valid-until')}: ${moment(grant.ends_at)}`,
    ],
    end(t('ui-grant-end'), grant.application_name ?? '', () => change(call('DELETE', `/v1/grants/${grant.id}`))),
  ));
});

/** The rows that are shown, by the job's id. */
let jobRows = new Map();

export const jobs = new Panel('ui-jobs', 'ui-jobs-none', async (change) => {
  // What waits for the person comes first, however old it is.
  const lists = await Promise.all(['state=stopped&', ''].map((which) => call('GET', `/v1/jobs?${which}limit=${JOBS}`)));
  const all = new Map(lists.flatMap(({ jobs: list }) => list).map((job) => [job.id, job]));
  jobRows = new Map([...all.keys()].map((id) => [id, jobRows.get(id) ?? new JobRow()]));
  return [...all.values()].map((job) => {
    const shown = jobRows.get(job.id);
    shown.update(job, change);
    return shown.element;
  });
});

export const panels = [applications, grants, jobs];

function row(name, lines, ...buttons) {
  return el('li', {},
    el('div', {}, el('div', { class: 'strong' }, name), lines.filter(Boolean).map((line) => el('div', { class: 'soft' }, line))),
    ...buttons);
}

/** A button that opens a field for another name. */
function renaming(application, change) {
  const rename = el('button', { type: 'button', class: 'quiet', 'aria-label': `${t('ui-rename')}: ${application.name}` }, t('ui-rename'));
  rename.addEventListener('click', () => {
    const name = el('input', { type: 'text', name: 'name', required: true, maxlength: NAME_LENGTH, autocomplete: 'off', 'aria-label': t('ui-new-name'), value: application.name });
    const done = () => form.replaceWith(rename);
    const form = el('form', { class: 'rename' }, name,
      el('button', { type: 'submit', class: 'quiet' }, t('ui-save')),
      el('button', { type: 'button', class: 'quiet', onclick: () => { done(); rename.focus(); } }, t('ui-cancel')));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      change(call('POST', `/v1/applications/${application.id}/name`, { name: name.value.trim() }));
    });
    form.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      done();
      rename.focus();
    });
    rename.replaceWith(form);
    name.select();
  });
  return rename;
}

function end(text, about, onclick) {
  return el('button', { type: 'button', class: 'quiet', 'aria-label': `${text}: ${about}`, onclick }, text);
}
