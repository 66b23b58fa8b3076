"""What the Android Gradle plugin does with manifests and resources, as far as Robolectric needs it: merge the
manifests, fill in their placeholders, make R classes and one binary resource table, and leave the pointer by which
Robolectric finds both. Needs Debian's aapt2."""

import argparse
import re
import shutil
import struct
import subprocess
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

ANDROID = "http://schemas.android.com/apk/res/android"
TOOLS = "http://schemas.android.com/tools"


def framework(jar: Path, out: Path) -> None:
    """The framework's resource table as `aapt2 link -I` reads it: android-all's holds several packages with id 1."""
    with zipfile.ZipFile(jar) as archive:
        table, manifest = archive.read("resources.arsc"), archive.read("AndroidManifest.xml")
    offset = struct.unpack_from("<H", table, 2)[0]
    others, largest = [], b""
    while offset < len(table):
        kind, _, size = struct.unpack_from("<HHI", table, offset)
        chunk = table[offset : offset + size]
        if kind != 0x200:  # RES_TABLE_PACKAGE_TYPE
            others.append(chunk)
        elif len(chunk) > len(largest):
            largest = chunk
        offset += size
    body = b"".join(others) + largest
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("resources.arsc", struct.pack("<HHII", 2, 12, 12 + len(body), 1) + body)
        archive.writestr("AndroidManifest.xml", manifest)


def merged_manifest(main: Path, libraries: list[Path], namespace: str, placeholders: dict[str, str]) -> str:
    """The main manifest with the libraries' permissions, queries and components in it. AGP's merger knows more rules;
    these manifests need no others."""
    ET.register_namespace("android", ANDROID)
    ET.register_namespace("tools", TOOLS)
    root = ET.parse(main).getroot()
    root.set("package", namespace)
    application = root.find("application")
    if application is None:
        application = ET.SubElement(root, "application")
    for library in libraries:
        other = ET.parse(library).getroot()
        for element in other:
            if element.tag == "application":
                application.extend(list(element))
            else:
                root.insert(0, element)
    for component in application:
        name = component.get(f"{{{ANDROID}}}name", "")
        # In a merged manifest a library's relative names belong to the library: it must write them in full.
        if libraries and name.startswith(".") and component.tag == "activity":
            component.set(f"{{{ANDROID}}}name", namespace + name)
    text = ET.tostring(root, encoding="unicode")
    text = re.sub(r"\$\{(\w+)}", lambda match: placeholders[match[1]], text)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + text


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--module", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--namespace", required=True)
    parser.add_argument("--framework", type=Path, required=True)
    parser.add_argument("--library", type=Path, action="append", default=[], help="a module of our own")
    parser.add_argument("--aars", type=Path, action="append", default=[], help="a folder of unpacked AARs")
    parser.add_argument("--placeholder", action="append", default=[], help="NAME=VALUE")
    parser.add_argument("--source-set", action="append", default=["main"])
    arguments = parser.parse_args()
    out: Path = arguments.out
    for name in ("r", "test-config", "compiled"):
        shutil.rmtree(out / name, ignore_errors=True)
    (out / "r").mkdir(parents=True)
    (out / "compiled").mkdir()
    config = out / "test-config/com/android/tools"
    config.mkdir(parents=True)
    base = out / "framework.apk"
    if not base.exists():
        framework(arguments.framework, base)

    packages, tables = [], []

    def compile_resources(folder: Path, name: str) -> None:
        if folder.is_dir() and any(path.is_file() for path in folder.rglob("*")):
            table = out / "compiled" / f"{name}.zip"
            # As AGP's pseudoLocalesEnabled: en-XA has longer texts in brackets, ar-XB runs from right to left.
            subprocess.run(["aapt2", "compile", "--pseudo-localize", "--dir", folder, "-o", table], check=True)
            tables.append(table)

    for folder in arguments.aars:
        for aar in sorted(path for path in folder.iterdir() if path.is_dir()):
            package = re.search(r'package="([^"]+)"', (aar / "AndroidManifest.xml").read_text())
            symbols = aar / "R.txt"
            if package and symbols.exists() and symbols.stat().st_size:
                packages.append(package[1])
            compile_resources(aar / "res", aar.name)
    for library in arguments.library:
        packages.append("dev.jetbridge")
        compile_resources(library / "src/main/res", library.name)
    for source_set in arguments.source_set:
        compile_resources(arguments.module / "src" / source_set / "res", f"module-{source_set}")

    manifest = out / "AndroidManifest.xml"
    manifest.write_text(
        merged_manifest(
            arguments.module / "src/main/AndroidManifest.xml",
            [library / "src/main/AndroidManifest.xml" for library in arguments.library],
            arguments.namespace,
            dict(pair.split("=", 1) for pair in arguments.placeholder),
        )
    )
    # Debian 12's aapt2 is of Android 10, which did not know <queries>; Robolectric shows an app every other anyway.
    known = out / "aapt2/AndroidManifest.xml"
    known.parent.mkdir(exist_ok=True)
    known.write_text(re.sub(r"<queries>.*?</queries>", "", manifest.read_text(), flags=re.S))
    command = ["aapt2", "link", "-o", out / "resources.ap_", "-I", base, "--manifest", known, "--java", out / "r"]
    # Not final, as in an AAR: a library's code must read the number that the app's table gave to a resource.
    command += ["--non-final-ids", "--min-sdk-version", "26", "--target-sdk-version", "35", "--auto-add-overlay"]
    command += ["--version-code", "1", "--version-name", "0.1.0"]
    # What the manifest names must keep its name in a shrunk app.
    command += ["--proguard", out / "manifest.pro"]
    if packages:
        command += ["--extra-packages", ":".join(sorted(set(packages)))]
    for table in tables:
        command += ["-R", table]
    subprocess.run(command, check=True)
    assets = arguments.module / "src/main/assets"
    (config / "test_config.properties").write_text(
        f"android_merged_manifest={manifest}\n"
        f"android_resource_apk={out / 'resources.ap_'}\n"
        f"android_merged_assets={assets}\n"
        f"android_custom_package={arguments.namespace}\n"
    )


if __name__ == "__main__":
    main()
