"""Every command in its place."""

from typing import Final

import typer

from terminal.cli.backup import backup, restore
from terminal.cli.brand import brand
from terminal.cli.bundle import bundle
from terminal.cli.care import case, feedback, print_
from terminal.cli.conformance import conformance
from terminal.cli.demo.command import demo
from terminal.cli.devices.command import devices
from terminal.cli.doctor.command import doctor
from terminal.cli.help_code import help_code_
from terminal.cli.help_words import help_
from terminal.cli.install import install, uninstall
from terminal.cli.journal import journal
from terminal.cli.lab.command import lab
from terminal.cli.lan import lan
from terminal.cli.onboard import onboard
from terminal.cli.pack import pack
from terminal.cli.preset import preset
from terminal.cli.privacy import privacy
from terminal.cli.reconcile import reconcile
from terminal.cli.report import report
from terminal.cli.risk import risk
from terminal.cli.sale import sale
from terminal.cli.second_step import second_step
from terminal.cli.security.command import security
from terminal.cli.serve.command import serve
from terminal.cli.sheet import sheet
from terminal.cli.simulate import simulate
from terminal.cli.statement import statement
from terminal.cli.stats import stats
from terminal.cli.support import support
from terminal.cli.train import train
from terminal.cli.update import update
from terminal.cli.verify import verify

app: Final = typer.Typer(
    name="countertop",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A shop counter's QR payments: proven, printed, said aloud, and never lost.",
)
app.command()(serve)
app.command(context_settings={"ignore_unknown_options": True})(sale)  # -1 is an amount, though a wrong one
app.command()(sheet)
app.command()(doctor)
app.command()(backup)
app.command()(restore)
app.command()(reconcile)
app.command()(install)
app.command()(lan)
app.command()(uninstall)
app.command("second-step")(second_step)
app.command()(simulate)
app.command()(verify)
app.command("help")(help_)
app.command("help-code")(help_code_)
app.add_typer(brand, name="brand")
app.add_typer(bundle, name="bundle")
app.add_typer(case, name="case")
app.add_typer(conformance, name="conformance")
app.add_typer(demo, name="demo")
app.add_typer(devices, name="devices")
app.add_typer(feedback, name="feedback")
app.add_typer(journal, name="journal")
app.add_typer(lab, name="lab")
app.add_typer(onboard, name="onboard")
app.add_typer(print_, name="print")
app.add_typer(pack, name="pack")
app.add_typer(preset, name="preset")
app.add_typer(privacy, name="privacy")
app.add_typer(report, name="report")
app.add_typer(security, name="security")
app.add_typer(risk, name="risk")
app.add_typer(statement, name="statement")
app.add_typer(stats, name="stats")
app.add_typer(train, name="train")
app.add_typer(update, name="update")
app.add_typer(support, name="support")
