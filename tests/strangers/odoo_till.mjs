// Odoo's point of sale around OCA's payment terminal module, as small as the module needs it: the module's own file
// runs unchanged but for its imports. Arguments: the module's file, the proxy's address, a payment as JSON.
import { readFileSync } from "node:fs";

const [file, proxy, asked] = process.argv.slice(2);
const { amount, order, uuid, currency, decimals } = JSON.parse(asked);
const told = { dialogs: [], statuses: [], results: [] };

async function message(route, params) {
    const body = JSON.stringify({ jsonrpc: "2.0", method: "call", params: params || {}, id: 7 });
    const answer = await fetch(`${proxy}/hw_proxy/${route}`, {
        method: "POST",
        headers: { "Content-Type": "application/json", Origin: "https://odoo.example" },
        body,
    });
    const read = await answer.json();
    if (read.error) throw new Error(read.error.message);
    return read.result;
}

class PaymentInterface {
    async send_payment_request() {}
    send_payment_cancel() {}
}

const line = {
    amount,
    payment_method_id: { use_payment_terminal: "oca_payment_terminal" },
    set_payment_status(status) {
        told.statuses.push(status);
    },
};
const source = readFileSync(file, "utf8").replace(/^import .*$/gm, "").replace("export class", "class");
const register = (_name, terminal) => (globalThis.Terminal = terminal);
new Function("AlertDialog", "PaymentInterface", "_t", "register_payment_method", source)(
    class {}, PaymentInterface, (text) => text, register,
);
const terminal = Object.assign(Object.create(globalThis.Terminal.prototype), {
    pos: {
        get_order: () => ({ name: order, get_selected_paymentline: () => line }),
        getPendingPaymentLine: () => line,
        currency: { name: currency, decimals },
        hardwareProxy: { message },
    },
    payment_method_id: { oca_payment_terminal_mode: "card" },
    env: { services: { dialog: { add: (_kind, { body }) => told.dialogs.push(body) } } },
});

const ping = await fetch(`${proxy}/hw_proxy/hello`);
told.hello = await ping.text();
told.handshake = await message("handshake", {});
told.results.push(await terminal.send_payment_request(uuid).catch(() => "rejected"));
told.transaction = line.terminal_transaction_id;
console.log(JSON.stringify(told));
process.exit(0);
