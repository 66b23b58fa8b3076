#!/usr/bin/env python3
"""Stands in for the programs of Xcode and rustup that `cargo xtask xcframework` calls, so that its whole way runs here.

It is called by the program's name. Each takes the arguments that Apple documents and refuses all others, reads what it is
given, and writes what the real one writes as far as somebody reads it afterwards. `cc` is no imitation: it hands the
arguments of clang to LLVM's own linker for Mach-O, which comes with Rust (rust-lld).

Sources: `xcodebuild -create-xcframework` is open source, swiftlang/swift-build, Sources/SWBCore/XCFramework.swift
(`parseCommandLine`, `libraryInfo`, `createXCFramework`; read at 41aee62 of 2026-08-21), and so is what Xcode asks of the
frameworks in an app, Sources/SWBTaskExecution/TaskActions/ValidateProductTaskAction.swift. The man pages lipo(1),
dsymutil(1), strip(1), codesign(1), ditto(1) and ld(1); <mach-o/loader.h> and <mach-o/fat.h> for the numbers. From memory:
the words of codesign's complaint.
"""

import os
import plistlib
import shutil
import struct
import subprocess
import sys
import zipfile

# <mach-o/loader.h>: PLATFORM_…; what xcodebuild writes of each (SupportedPlatform, SupportedPlatformVariant). Mac Catalyst is
# a variant of iOS there, because it follows the target triple, and is written `maccatalyst`.
PLATFORMS = {1: ("macos", ""), 2: ("ios", ""), 6: ("ios", "maccatalyst"), 7: ("ios", "simulator"),
             11: ("xros", ""), 12: ("xros", "simulator")}
LC_ID_DYLIB, LC_BUILD_VERSION = 0xD, 0x32
MH_DYLIB = 6
ARCHITECTURES = {0x0100000C: "arm64", 0x01000007: "x86_64"}


def refuse(text):
    sys.exit(f"{os.path.basename(sys.argv[0])}: error: {text}")


def thin_parts(data):
    """The Mach-O files in a file: itself, or the parts of a universal one."""
    if data[:4] == b"\xca\xfe\xba\xbe":
        count = struct.unpack(">I", data[4:8])[0]
        heads = [struct.unpack(">5I", data[8 + 20 * n:28 + 20 * n]) for n in range(count)]
        return [data[offset:offset + size] for _, _, offset, size, _ in heads]
    return [data]


def facts(data):
    """(architecture, platform, install name) of a thin Mach-O library."""
    magic, cpu, _, kind, count = struct.unpack("<5I", data[:20])
    if magic != 0xFEEDFACF or kind != MH_DYLIB:
        refuse("not a dynamic library")
    at, platform, name = 32, None, None
    for _ in range(count):
        command, size = struct.unpack("<2I", data[at:at + 8])
        if command == LC_BUILD_VERSION:
            platform = struct.unpack("<I", data[at + 8:at + 12])[0]
        if command == LC_ID_DYLIB:
            start = at + struct.unpack("<I", data[at + 8:at + 12])[0]
            name = data[start:at + size].split(b"\0")[0].decode()
        at += size
    return ARCHITECTURES[cpu], platform, name


def read(path):
    with open(path, "rb") as file:
        return file.read()


def link(words):
    """clang's arguments, as rustc writes them, to ld64.lld's."""
    out, platform, rest = [], None, list(words)
    while rest:
        word = rest.pop(0)
        if word == "-target":
            architecture, _, triple = rest.pop(0).split("-", 2)
            system, _, environment = triple.partition("-")
            name = system.rstrip("0123456789.")
            version = system[len(name):]
            name = {"xros": "xros", "ios": "ios", "macosx": "macos", "macos": "macos"}[name]
            name = {"": name, "simulator": name + "-simulator", "macabi": "mac-catalyst"}[environment]
            out += ["-arch", architecture]
            platform = [name, version]
        elif word == "-arch":
            out += ["-arch", rest.pop(0)]
        elif word.startswith("-mmacosx-version-min="):
            platform = ["macos", word.split("=")[1]]
        elif word.startswith("-Wl,"):
            out += word.split(",")[1:]
        elif word == "-dynamiclib":
            out += ["-dylib"]
        elif word == "-nodefaultlibs":
            pass
        elif word in ("-o", "-L", "-F", "-isysroot"):
            value = rest.pop(0)
            out += [word, value] if word == "-o" else []
        elif word.startswith("-l") or not word.startswith("-"):
            out += [word]
        else:
            refuse(f"unknown argument {word}")
    sdk = os.environ["SDKROOT"]
    out += ["-platform_version", *platform, platform[1], "-syslibroot", sdk, "-L/usr/lib"]
    os.execv(os.environ["RUST_LLD"], ["rust-lld", "-flavor", "darwin", *out])


def lipo(words):
    if words[0] != "-create" or words[-2] != "-output":
        refuse(f"usage: lipo -create <input> … -output <output>, not {words}")
    parts = [read(path) for path in words[1:-2]]
    if len({facts(part)[0] for part in parts}) != len(parts):
        refuse("have the same architectures and can't be in the same fat output file")
    # <mach-o/fat.h>: a head, then the parts, each at a page of its own (2^14).
    head, body = struct.pack(">2I", 0xCAFEBABE, len(parts)), b""
    offset = 1 << 14
    for part in parts:
        head += struct.pack(">5I", *struct.unpack("<2I", part[4:12]), offset, len(part), 14)
        body += b"\0" * (offset - (1 << 14) - len(body)) + part
        offset += (len(part) + (1 << 14) - 1) & -(1 << 14)
    with open(words[-1], "wb") as file:
        file.write(head + b"\0" * ((1 << 14) - len(head)) + body)


def dsymutil(words):
    library, flag, bundle = words
    if flag != "-o" or not bundle.endswith(".dSYM"):
        refuse(f"usage: dsymutil <library> -o <bundle>.dSYM, not {words}")
    data = read(library)
    # N_OSO, the stab that leads to the object files: without it there is nothing to collect. LLVM's only warns, and makes a
    # bundle that nothing can be read with.
    if not any(b".o\0" in part for part in thin_parts(data)):
        refuse(f"no debug symbols in executable (-arch …): {library}")
    folder = os.path.join(bundle, "Contents/Resources/DWARF")
    os.makedirs(folder)
    shutil.copyfile(library, os.path.join(folder, os.path.basename(library)))


def strip(words):
    if len(words) != 2 or words[0] != "-x":
        refuse(f"a dynamic library keeps its global symbols: strip -x <library>, not {words}")
    with open(words[1], "ab") as file:
        file.write(b"stripped, and with that the linker's signature is void")


def codesign(words):
    *flags, bundle = words
    if flags != ["--force", "--sign", "-"] or not bundle.endswith(".framework"):
        refuse(f"usage: codesign --force --sign - <framework>, not {words}")
    # "Placing content in a bundle": a versioned framework has nothing at its top but links and Versions, and codesign says
    # "unsealed contents present in the root directory of an embedded framework" otherwise.
    versioned = os.path.isdir(os.path.join(bundle, "Versions"))
    for entry in os.scandir(bundle):
        if versioned and entry.name != "Versions" and not entry.is_symlink():
            refuse(f"{bundle}: unsealed contents present in the root directory of an embedded framework")
    inside = os.path.join(bundle, "Versions/A") if versioned else bundle
    os.makedirs(os.path.join(inside, "_CodeSignature"))
    with open(os.path.join(inside, "_CodeSignature/CodeResources"), "w", encoding="utf-8") as file:
        file.write("signed ad hoc")


def xcodebuild(words):
    if words.pop(0) != "-create-xcframework":
        refuse("only -create-xcframework is imitated")
    libraries, output = [], None
    while words:
        word, value = words.pop(0), words.pop(0)
        if word == "-framework":
            libraries.append((value, []))
        elif word == "-debug-symbols":
            if not libraries:
                refuse("debug symbols can only be specified using '-framework' or '-library'.")
            # The other paths are made absolute, these are not, and what runs this has a folder of its own.
            if not os.path.isabs(value) or not os.path.isdir(value):
                refuse(f"the path does not point to a valid debug symbols file: {value}")
            libraries[-1][1].append(value)
        elif word == "-output":
            output = value
        else:
            refuse(f"invalid argument '{word}'.")
    if not output or not output.endswith(".xcframework") or os.path.exists(output):
        refuse(f"the output has to be a new .xcframework: {output}")
    entries = []
    for framework, symbols in libraries:
        name = os.path.basename(framework).removesuffix(".framework")
        parts = [facts(part) for part in thin_parts(read(os.path.join(framework, name)))]
        if len({platform for _, platform, _ in parts}) != 1:
            refuse(f"{framework} has several platforms")
        platform, variant = PLATFORMS[parts[0][1]]
        architectures = sorted(architecture for architecture, _, _ in parts)
        identifier = "-".join(filter(None, [platform, "_".join(architectures), variant]))
        # Asked when an app is built with it, and only there; here, because here nobody builds one. No shallow bundles on macOS
        # and Mac Catalyst.
        deep = platform == "macos" or variant == "maccatalyst"
        plist = os.path.join(framework, "Versions/Current/Resources/Info.plist" if deep else "Info.plist")
        if not os.path.isfile(plist) or os.path.isfile(os.path.join(framework, "Info.plist")) == deep:
            refuse(f"Framework {framework} did not contain an Info.plist, expected {plist}")
        with open(plist, "rb") as file:
            if plistlib.load(file)["CFBundleExecutable"] != name:
                refuse(f"{plist}: CFBundleExecutable is not {name}")
        into = os.path.join(output, identifier)
        if os.path.exists(into):
            refuse("A library with the identifier already exists: both represent two equivalent library definitions")
        shutil.copytree(framework, os.path.join(into, os.path.basename(framework)), symlinks=True)
        entry = {"LibraryIdentifier": identifier, "LibraryPath": os.path.basename(framework),
                 "BinaryPath": os.path.relpath(os.path.realpath(os.path.join(framework, name)), os.path.dirname(framework)),
                 "SupportedArchitectures": architectures, "SupportedPlatform": platform}
        if variant:
            entry["SupportedPlatformVariant"] = variant
        for bundle in symbols:
            entry["DebugSymbolsPath"] = "dSYMs"
            shutil.copytree(bundle, os.path.join(into, "dSYMs", os.path.basename(bundle)))
        entries.append(entry)
    with open(os.path.join(output, "Info.plist"), "wb") as file:
        plistlib.dump({"AvailableLibraries": entries, "CFBundlePackageType": "XFWK", "XCFrameworkFormatVersion": "1.0"},
                      file)


def ditto(words):
    flags, source, archive = words[:-2], *words[-2:]
    if sorted(flags) != ["--keepParent", "-c", "-k"]:
        refuse(f"usage: ditto -c -k --keepParent <folder> <archive>, not {words}")
    with zipfile.ZipFile(archive, "w") as zipped:
        for folder, folders, files in os.walk(source):
            for name in files + [name for name in folders if os.path.islink(os.path.join(folder, name))]:
                path = os.path.join(folder, name)
                if os.path.islink(path):
                    item = zipfile.ZipInfo(path)
                    item.external_attr = 0o120777 << 16
                    zipped.writestr(item, os.readlink(path))
                else:
                    zipped.write(path)


def rustup(words):
    if words[:2] != ["target", "add"] or len(words) != 3:
        refuse(f"usage: rustup target add <target>, not {words}")
    known = subprocess.run([os.environ["RUSTC"], "--print", "target-list"], stdout=subprocess.PIPE, check=True, text=True)
    if words[2] not in known.stdout.split():
        refuse(f"toolchain does not support target '{words[2]}'")


PROGRAMS = {"cc": link, "lipo": lipo, "dsymutil": dsymutil, "strip": strip, "codesign": codesign,
            "xcodebuild": xcodebuild, "ditto": ditto, "rustup": rustup}
PROGRAMS[os.path.basename(sys.argv[0])](sys.argv[1:])
