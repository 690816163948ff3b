/** What somebody hears who does not see the page: the browser's own tree of it. */
import type { Page } from 'playwright-core';

/** Whatever can be used, drawn or read as a whole must say what it is. */
const named = new Set([
  'button', 'checkbox', 'combobox', 'dialog', 'graphics-document', 'grid', 'gridcell', 'image', 'link', 'listbox', 'searchbox', 'tab',
  'table', 'textbox', 'Canvas', 'DisclosureTriangle', 'heading', 'region', 'tablist', 'tabpanel',
]); // prettier-ignore

export interface Heard {
  count: number;
  /** Of those without a name: role and markup. */
  nameless: string[];
}

export async function heardOn(page: Page): Promise<Heard> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  const asked = nodes.filter(({ ignored, role }) => !ignored && named.has(String(role?.value)));
  const nameless: string[] = [];
  for (const { role, name, backendDOMNodeId } of asked) {
    if (name?.value || backendDOMNodeId === undefined) continue;
    const { outerHTML } = await session.send('DOM.getOuterHTML', { backendNodeId: backendDOMNodeId });
    nameless.push(`${String(role?.value)}: ${outerHTML.slice(0, 120)}`);
  }
  await session.detach();
  return { count: asked.length, nameless };
}
