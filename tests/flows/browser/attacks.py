"""What an attacker's page does, and what is looked for in ours: scripts of the browser, nothing of the product."""

from typing import Final

WATCHED: Final = """
    window.broken = [];
    addEventListener("securitypolicyviolation", (event) => {
        window.broken.push(`${event.violatedDirective} ${event.blockedURI}`);
    });
"""

INLINE: Final = """() => [...document.querySelectorAll("*")].filter((each) =>
    each.getAttributeNames().some((name) => name.startsWith("on") || name === "style")
    || (each.tagName === "SCRIPT" && each.type !== "application/json" && !each.src)
    || each.tagName === "STYLE"
    || each.getAttribute("href")?.startsWith("javascript:")
).map((each) => each.outerHTML)"""

ATTACK: Final = """async ([shop, counter]) => {
    const told = {};
    const tries = {
        simple: { headers: { "Content-Type": "text/plain" } },
        json: { headers: { "Content-Type": "application/json", "Idempotency-Key": "from-elsewhere-1" } },
        blind: { mode: "no-cors" },
    };
    const body = JSON.stringify({ counter, amount_minor: 100 });
    for (const [name, how] of Object.entries(tries)) {
        told[name] = await fetch(`${shop}/api/v1/sales`, { method: "POST", credentials: "include", body, ...how })
            .then((answer) => answer.type, () => "refused");
    }
    told.read = await fetch(`${shop}/api/v1/sales`, { credentials: "include" })
        .then((answer) => answer.status, () => "refused");
    told.heard = await new Promise((done) => {
        const socket = new WebSocket(`${shop.replace("http", "ws")}/api/v1/live?counter=${counter}`);
        socket.onmessage = () => done("a message");
        socket.onclose = () => done("closed");
    });
    const frame = document.createElement("iframe");
    frame.src = `${shop}/c/${counter}/till`;
    const loaded = new Promise((done) => (frame.onload = done));
    document.body.append(frame);
    await loaded;
    const opened = window.open(`${shop}/c/${counter}/till`);
    told.picture = await new Promise((done) => {
        const image = new Image();
        image.onload = () => done("shown");
        image.onerror = () => done("refused");
        image.src = `${shop}/static/x/icon.svg`;
    });
    for (let turns = 0; turns < 600 && !opened.closed; turns++) await new Promise((done) => setTimeout(done, 50));
    told.opened = opened.closed ? "cut off" : "held";
    return told;
}"""

FORM: Final = """([shop, name]) => {
    const form = document.createElement("form");
    Object.assign(form, { method: "POST", action: `${shop}/api/v1/sales`, enctype: "text/plain" });
    form.append(Object.assign(document.createElement("input"), { name, value: '"}' }));
    document.body.append(form);
    form.submit();
}"""

ESCAPES: Final = """() => {
    const key = (key, more) => new KeyboardEvent("keydown", { key, ...more, bubbles: true, cancelable: true });
    const mouse = (kind) => new Event(kind, { bubbles: true, cancelable: true });
    const tries = [
        ...["contextmenu", "dragstart", "dragover", "drop", "auxclick"].map(mouse),
        key("p", { ctrlKey: true }), key("n", { ctrlKey: true }), key("ArrowLeft", { altKey: true }),
        ...["F11", "F12", "F3", "F1", "Backspace"].map((each) => key(each)),
    ];
    return tries.filter((each) => document.body.dispatchEvent(each)).map((each) => each.key ?? each.type);
}"""

LINKS: Final = """() => {
    for (const [id, href, target] of [["new", "/help", "_blank"], ["away", "https://evil.example/", ""]]) {
        const link = document.createElement("a");
        document.body.append(Object.assign(link, { id, href, target, textContent: id }));
    }
}"""
