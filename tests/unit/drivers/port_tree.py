"""A /dev and /sys of a test's own, with ports as the kernel and udev show them."""

from pathlib import Path

from drivers.hotplug import Roots

CH340 = ("1a86", "7523")
CP2102 = ("10c4", "ea60")


class Tree:
    def __init__(self, folder: Path) -> None:
        self.roots = Roots(folder / "dev", folder / "sys")
        for part in ("dev/serial/by-id", "dev/serial/by-path", "dev/usb", "sys/class/tty", "sys/class/usbmisc"):
            (folder / part).mkdir(parents=True)

    def plug(
        self,
        name: str,
        *,
        ids: tuple[str, str] = CH340,
        serial: str = "",
        socket: str = "1.1",
        interface: str = "1.0",
        by_id: str = "",
    ) -> Path:
        """A serial adapter: port, sysfs and the two links udev makes."""
        dev, sys = self.roots
        usb = self._usb(socket, ids, serial)
        device = usb / f"1-{socket}:{interface}"
        device.mkdir(exist_ok=True)
        entry = sys / "class" / "tty" / name
        entry.mkdir()
        (entry / "device").symlink_to(device)
        port = dev / name
        port.touch()
        name_ = f"usb-{ids[0]}_USB_Serial_{serial}" if serial else f"usb-{ids[0]}_USB_Serial"
        link = dev / "serial" / "by-id" / (by_id or f"{name_}-if00-port0")
        if not link.is_symlink():  # equal adapters share one name
            link.symlink_to(port)
        (dev / "serial" / "by-path" / f"pci-0000:00:14.0-usb-0:{socket}:{interface}-port0").symlink_to(port)
        return port

    def unplug(self, name: str) -> None:
        dev, sys = self.roots
        port = dev / name
        for link in [*(dev / "serial" / "by-id").iterdir(), *(dev / "serial" / "by-path").iterdir()]:
            if link.resolve() == port.resolve():
                link.unlink()
        port.unlink()
        (sys / "class" / "tty" / name / "device").unlink()
        (sys / "class" / "tty" / name).rmdir()

    def printer(self, name: str, device_id: str, *, socket: str = "2.1") -> None:
        dev, sys = self.roots
        device = self._usb(socket, ("04b8", "0e03"), "") / f"1-{socket}:1.0"
        device.mkdir()
        (device / "ieee1284_id").write_text(device_id)
        entry = sys / "class" / "usbmisc" / name
        entry.mkdir()
        (entry / "device").symlink_to(device)
        (dev / "usb" / name).touch()

    def keyboard(self, name: str, event: str) -> None:
        dev = self.roots.dev
        folder = dev / "input" / "by-id"
        folder.mkdir(parents=True, exist_ok=True)
        (dev / "input" / event).touch()
        (folder / name).symlink_to(dev / "input" / event)

    def _usb(self, socket: str, ids: tuple[str, str], serial: str) -> Path:
        usb = self.roots.sys / "devices" / "pci0000:00" / f"1-{socket}"
        usb.mkdir(parents=True, exist_ok=True)
        (usb / "idVendor").write_text(ids[0] + "\n")
        (usb / "idProduct").write_text(ids[1] + "\n")
        (usb / "product").write_text("USB Serial\n")
        if serial:
            (usb / "serial").write_text(serial + "\n")
        return usb
