#!/usr/bin/env python3
"""Stands in for the programs of Xcode that the recipes for simulators and archives call. It is called by the program's name,
takes the arguments that Apple's pages have and refuses all others: xcodebuild(1), simctl and xcresulttool by their own help,
defaults(1), otool(1), plutil(1), ditto(1). What it is asked, it writes down; what goes wrong, $MAC/faults says.
"""

import json
import os
import sys

MAC = os.environ["MAC"]
name, arguments = os.path.basename(sys.argv[0]), sys.argv[1:]


def refuse(text):
    sys.exit(f"{name}: error: {text}")


def fault(text):
    with open(os.path.join(MAC, "faults")) as file:
        return text in file.read().split("\n")


def value(option):
    return arguments[arguments.index(option) + 1] if option in arguments else refuse(f"option '{option}' is missing")


def make(path, text=""):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)


with open(os.path.join(MAC, "calls"), "a") as calls:
    calls.write(json.dumps([name, *arguments]) + "\n")

SIMULATOR = "6F9619FF-8B86-D011-B42D-00C04FC964FF"
match [name, *arguments]:
    case ["xcodebuild", "-version"]:
        print("Xcode 26.6\nBuild version 17F113")
    case ["xcodebuild", "test", *_]:
        if os.path.exists(value("-resultBundlePath")):
            refuse("Existing file at -resultBundlePath")
        if value("-destination") != f"id={SIMULATOR}" or value("-scheme") != "Jetbridge Local Stack":
            refuse("Unable to find a device matching the provided destination specifier")
        make(value("-resultBundlePath") + "/Info.plist")
        if fault("a test fails"):
            sys.exit("** TEST FAILED **")
    case ["xcodebuild", "build", "-scheme", "Jetbridge", "-destination", platform, "-derivedDataPath", _] if platform.startswith("generic/platform="):
        pass
    case ["xcodebuild", "archive", *_]:
        if "CODE_SIGNING_ALLOWED=NO" not in arguments or value("-destination") != "generic/platform=iOS":
            refuse("Signing for \"JetbridgeDemo\" requires a development team.")
        app = value("-archivePath") + "/Products/Applications/JetbridgeDemo.app"
        make(app + "/Info.plist", "iphoneos18.5" if fault("an old SDK") else "iphoneos26.5")
        framework = app + "/Frameworks/CJetbridgeFFI.framework/"
        make(framework + "CJetbridgeFFI", "/Users/me/libjetbridge_ffi.dylib" if fault("another name") else "@rpath/CJetbridgeFFI.framework/CJetbridgeFFI")
        if not fault("no privacy manifest"):
            make(framework + "PrivacyInfo.xcprivacy")
    case ["xcodegen", "--version"]:
        sys.exit(127) if fault("no xcodegen") else print("Version: 2.44.1")
    case ["xcodegen", "generate", "--spec", spec]:
        os.path.exists(spec) or refuse(f"No project spec found at {spec}")
    case ["brew", "install", "xcodegen"]:
        pass
    case ["otool", "-D", path]:
        with open(path) as file:
            print(f"{path}:\n{file.read()}")
    case ["plutil", "-extract", "DTSDKName", "raw", path]:
        with open(path) as file:
            print(file.read())
    case ["ditto", "-c", "-k", "--keepParent", folder, archive]:
        os.path.isdir(folder) or refuse(f"Can't get real path for source '{folder}'")
        make(os.path.join(os.getcwd(), archive), "PK")
    case ["defaults", "write", "com.apple.iphonesimulator", "ConnectHardwareKeyboard", "-bool", "false"]:
        pass
    case ["xcrun", "simctl", "list", "runtimes", "available", "--json"]:
        with open(os.path.join(MAC, "runtimes.json")) as file:
            print(file.read())
    case ["xcrun", "simctl", "create", "Jetbridge", phone, runtime] if ".SimDeviceType." in phone and ".SimRuntime." in runtime:
        print(SIMULATOR)
    case ["xcrun", "simctl", "bootstatus", simulator, "-b"] if simulator == SIMULATOR:
        if fault("it does not boot"):
            refuse("Unable to boot device")
    case ["xcrun", "simctl", "spawn", simulator, "defaults", "write", *_] if simulator == SIMULATOR:
        pass
    case ["xcrun", "simctl", "delete", simulator] if simulator == SIMULATOR:
        pass
    case ["xcrun", "xcresulttool", "export", "attachments", "--path", results, "--output-path", folder]:
        os.path.isdir(results) or refuse(f"File or directory doesn't exist at path: {results}")
        make(folder + "/manifest.json", "[]")
    case _:
        refuse(f"unknown arguments {arguments}")
