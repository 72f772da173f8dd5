"""What can be proven of a page without axe: names, headings, ids, contrast, sizes, focus, no sideways scroll.

Each finding is a sentence; a sound page has none. Rules: WCAG 2.2, 1.3.1, 1.4.3, 1.4.10, 2.4.3, 3.1.1, 4.1.2.
"""

from typing import Final

from playwright.async_api import Page

_LOOK: Final = """
() => {
    const wrong = [];
    const everyWay = { visibilityProperty: true, opacityProperty: true };
    const shown = (it) => it.checkVisibility(everyWay) && !it.closest(".hidden, .skip");
    const all = (what) => [...document.querySelectorAll(what)].filter(shown);
    const label = (it) => `${it.tagName.toLowerCase()}#${it.id}.${it.className}`.slice(0, 60);
    if (!document.documentElement.lang) wrong.push("no language");
    if (!document.title.trim()) wrong.push("no title");
    if (all("h1").length !== 1) wrong.push(`${all("h1").length} headings of the first level`);
    let level = 0;
    for (const it of all("h1, h2, h3, h4")) {
        const now = Number(it.tagName[1]);
        if (now > level + 1) wrong.push(`${label(it)} skips a level`);
        level = now;
    }
    const ids = [...document.querySelectorAll("[id]")].map((it) => it.id);
    for (const id of new Set(ids)) if (ids.filter((each) => each === id).length > 1) wrong.push(`id ${id} twice`);
    for (const it of document.querySelectorAll("[aria-labelledby], label[for]")) {
        for (const id of (it.getAttribute("aria-labelledby") ?? it.htmlFor).split(" ")) {
            if (!document.getElementById(id)) wrong.push(`${label(it)} points to ${id}`);
        }
    }
    const named = (it) => it.ariaLabel || it.getAttribute("aria-labelledby");
    for (const it of all("input, select, textarea")) {
        if (!it.labels?.length && !named(it)) wrong.push(`${label(it)} has no name`);
    }
    for (const it of all("button, a[href]")) {
        const said = it.textContent.trim() || it.querySelector("img[alt]")?.alt;
        if (!said && !named(it)) wrong.push(`${label(it)} has no name`);
    }
    for (const it of all("img")) if (!it.hasAttribute("alt")) wrong.push(`${label(it)} has no alt`);
    for (const it of document.querySelectorAll("[tabindex]")) {
        if (it.tabIndex > 0) wrong.push(`${label(it)} jumps the queue`);
    }
    for (const it of all(".big, .choice input")) {
        const least = it.matches("input") ? 32 : 72;
        if (it.getBoundingClientRect().height < least) wrong.push(`${label(it)} is smaller than ${least} px`);
    }
    const wide = document.documentElement.scrollWidth - innerWidth;
    if (wide > 0) wrong.push(`scrolls ${wide} px sideways`);
    const parts = (text) => text.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => {
        const one = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
        return 0.2126 * one(r) + 0.7152 * one(g) + 0.0722 * one(b);
    };
    const behind = (it) => {
        for (let up = it; up; up = up.parentElement) {
            const [r, g, b, a = 1] = parts(getComputedStyle(up).backgroundColor);
            if (a > 0) return [r, g, b];
        }
        return [255, 255, 255];
    };
    for (const it of all("body *")) {
        if (![...it.childNodes].some((each) => each.nodeType === 3 && each.textContent.trim())) continue;
        if (it.closest("svg, option, :disabled")) continue;
        const [high, low] = [light(parts(getComputedStyle(it).color)), light(behind(it))].sort((x, y) => y - x);
        const ratio = (high + 0.05) / (low + 0.05);
        if (ratio < 4.5) wrong.push(`${label(it)} has contrast ${ratio.toFixed(1)}`);
        if (parseFloat(getComputedStyle(it).fontSize) < 15) wrong.push(`${label(it)} is small print`);
    }
    return wrong;
}
"""


async def findings(page: Page) -> list[str]:
    found: list[str] = await page.evaluate(_LOOK)
    return found
