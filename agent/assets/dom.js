// Builds elements. Text only ever becomes text nodes: nothing here or elsewhere on the page parses HTML.

/** An element with properties and children; `null` children are left out. */
export function el(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === 'class') element.className = value;
    else if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, '');
    else element.setAttribute(key, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ''));
  return element;
}

/** Makes `children` the children of `parent`. Those that stay are not moved: what has the focus would lose it. */
export function arrange(parent, children) {
  for (const child of [...parent.children]) if (!children.includes(child)) child.remove();
  children.forEach((child, index) => {
    if (parent.children[index] !== child) parent.insertBefore(child, parent.children[index] ?? null);
  });
}

const ICONS = {
  sign: ['M4 20.5h16', 'm6 16.5.9-3.8L16 3.6a2 2 0 0 1 2.9 2.9L9.8 15.6z', 'm14.3 5.3 2.9 2.9'],
  key: ['M14.5 9.5a4.5 4.5 0 1 1-4.3-4.5 4.5 4.5 0 0 1 4.3 4.5z', 'M13.2 12.8 20 19.5m-3-3 2-2'],
  choose: ['M4 6h10M4 12h7M4 18h5', 'm14 15 2.5 2.5L21 12'],
  link: ['M10 14a4 4 0 0 0 5.7 0l3-3a4 4 0 0 0-5.7-5.7l-1 1', 'M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1-1'],
  sheet: ['M7 3h7l4 4v14H7z', 'M14 3v4h4M10 12h5M10 16h5'],
  token: ['M8 9h8v10a2 2 0 0 1-2 2h-4a2 2 0 0 1-2-2z', 'M9.5 9V3h5v6M11.5 5.5h1'],
  eye: ['M2.5 12C5 7.5 8.3 5.5 12 5.5s7 2 9.5 6.5c-2.5 4.5-5.8 6.5-9.5 6.5S5 16.5 2.5 12z', 'M14.8 12a2.8 2.8 0 1 1-2.8-2.8 2.8 2.8 0 0 1 2.8 2.8z'],
  check: ['m5 12.5 4.5 4.5L19 7.5'],
  cross: ['M6 6l12 12M18 6 6 18'],
  shield: ['M12 3 5 6v5c0 5 3 8 7 10 4-2 7-5 7-10V6z', 'm9 11.5 2.3 2.3L15 10'],
};

/** One of the page's line icons, hidden from screen readers. */
export function icon(name) {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  const attributes = {
    viewBox: '0 0 24 24', fill: 'none', stroke: 'currentColor', 'stroke-width': '1.8', 'stroke-linecap': 'round',
    'stroke-linejoin': 'round', 'aria-hidden': 'true', focusable: 'false',
  };
  for (const [key, value] of Object.entries(attributes)) svg.setAttribute(key, value);
  for (const d of ICONS[name]) {
    const path = document.createElementNS(space, 'path');
    path.setAttribute('d', d);
    svg.append(path);
  }
  return svg;
}
