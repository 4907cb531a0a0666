// Reads /openapi.json to people: what calls there are, what they take, what they give.

import { el } from './dom.js';

const main = document.getElementById('main');
const description = await (await fetch('/openapi.json')).json();

main.replaceChildren(el('p', {}, description.info.description), ...description.tags.flatMap(group));

function group(tag) {
  const operations = Object.entries(description.paths).flatMap(([path, item]) => Object.entries(item)
    .filter(([, operation]) => operation.tags?.includes(tag.name))
    .map(([method, operation]) => show(method.toUpperCase(), path, operation)));
  return operations.length ? [el('h2', { class: 'group' }, tag.description), ...operations] : [];
}

function show(method, path, operation) {
  const request = Object.entries(operation.requestBody?.content ?? {});
  const answers = Object.entries(operation.responses);
  return el('details', { class: 'card operation' },
    el('summary', {}, el('span', { class: 'method' }, method), el('span', { class: 'path' }, path), el('span', { class: 'soft' }, operation.summary)),
    el('div', { class: 'body' },
      operation.description ? el('p', {}, operation.description) : null,
      el('p', { class: 'soft' }, operation.security?.length ? 'Needs a bearer token, or the Unix socket.' : 'Needs no token.'),
      operation.parameters?.length ? el('h4', {}, 'Parameters') : null,
      (operation.parameters ?? []).map((parameter) => el('div', { class: 'field' },
        el('code', {}, `${parameter.name}${parameter.required ? '' : '?'}`), el('span', {}, `${parameter.in}: ${parameter.description ?? ''}`))),
      request.flatMap(([type, content]) => [el('h4', {}, `Request: ${type}`), ...schema(content.schema)]),
      answers.flatMap(([status, answer]) => [
        el('h4', {}, `Answer ${status}`),
        ...Object.values(answer.content ?? {}).slice(0, 1).flatMap((content) => schema(content.schema)),
      ])));
}

function schema(node) {
  const resolved = resolve(node);
  const properties = fields(resolved);
  if (!properties.length) return [el('pre', {}, type(node))];
  return properties.map(([name, value, required]) => el('div', { class: 'field' },
    el('code', {}, `${name}${required ? '' : '?'}`),
    el('span', {}, el('code', {}, type(value)), ` ${value.description ?? resolve(value).description ?? ''}`)));
}

function fields(node) {
  const own = Object.entries(node.properties ?? {}).map(([name, value]) => [name, value, node.required?.includes(name)]);
  return [...own, ...(node.allOf ?? []).flatMap((part) => fields(resolve(part)))];
}

function resolve(node) {
  const name = node?.$ref?.split('/').pop();
  return name ? description.components.schemas[name] : node ?? {};
}

function type(node) {
  if (!node) return '';
  if (node.$ref) return node.$ref.split('/').pop();
  if (node.type === 'array') return `${type(node.items)}[]`;
  if (node.oneOf ?? node.anyOf) return (node.oneOf ?? node.anyOf).map(type).join(' | ');
  if (node.enum) return node.enum.join(' | ');
  return [node.type].flat().filter(Boolean).join(' | ');
}
