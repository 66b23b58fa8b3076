#!/usr/bin/env python3
"""Stands in for the tools of the Android SDK and for Gradle, and for the device behind them, so that the whole way of
`cargo xtask android-emulator` runs here: the demo app and Chrome on it are scripted, their HTTP is real.

It is called by the program's name. Each takes the arguments that its page documents and refuses all others:
developer.android.com/tools/adb, /tools/sdkmanager, /tools/avdmanager, /studio/run/emulator-commandline. What the device's own
programs answer is AOSP's: frameworks/base, cmds/uiautomator (DumpCommand.java, AccessibilityNodeInfoDumper.java) and
services/core (InputShellCommand.java, ActivityManagerShellCommand.java); system/adb for adb's own words. The words of Chrome's
screens are those of Chromium's android_chrome_strings.grd.

The device is a file of JSON in $PHONE, so that one program can go on where another has ended. `faults` in it says how often
what goes wrong before it works, `calls` has every call.
"""

import base64
import fcntl
import json
import os
import shlex
import sys

PHONE = os.environ["PHONE"]
PACKAGE, CHROME, ACTIVITY = "dev.jetbridge.app.local", "com.android.chrome", "dev.jetbridge.app.MainActivity"
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


def import_network():
    """What few calls need, and every call would wait for."""
    global datetime, hashlib, hmac, html, http, secrets, urllib
    import datetime, hashlib, hmac, html.parser, http.cookiejar, secrets, urllib.error, urllib.parse, urllib.request  # noqa: E401


class Refused(Exception):
    pass


def refuse(text, code=1):
    raise Refused(text, code)


class Device:
    def __init__(self):
        self.file = os.path.join(PHONE, "device.json")
        self.lock = open(os.path.join(PHONE, "lock"), "w")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        with open(self.file) as file:
            self.__dict__.update(json.load(file))

    def save(self):
        kept = {name: value for name, value in self.__dict__.items() if name not in ("file", "lock")}
        with open(self.file, "w") as file:
            json.dump(kept, file, indent=1)

    def spoiled(self, fault):
        left = self.faults.get(fault, 0)
        if left:
            self.faults[fault] = left - 1
        return left > 0

    # The app: what it has saved is in `app`, what only its process knows is in `process`.

    def launch(self):
        if self.process is None:
            self.pids += 1
            self.process = {"pid": self.pids, "rows": None}
        self.front = "app"

    def okta_login(self):
        import_network()
        server = self.discover()
        verifier, state = secrets.token_urlsafe(32), secrets.token_urlsafe(16)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        self.app["pending"] = {"verifier": verifier, "state": state}
        query = {"response_type": "code", "client_id": self.okta["okta_client_id"], "scope": "openid profile email offline_access",
                 "redirect_uri": self.okta["okta_callback_url"], "state": state, "nonce": secrets.token_urlsafe(16),
                 "code_challenge": challenge, "code_challenge_method": "S256"}
        self.chrome["address"] = server["authorization_endpoint"] + "?" + urllib.parse.urlencode(query)
        self.front = self.chrome["first"][0] if self.chrome["first"] else "page"
        if self.front == "page":
            self.open_page()

    def discover(self):
        return fetch(self.okta["okta_issuer_url"] + "/.well-known/openid-configuration")

    def redirected(self, address):
        self.launch()
        answer = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))
        pending = self.app.pop("pending")
        if answer["state"] != pending["state"]:
            refuse("the redirect belongs to another sign-in")
        form = {"grant_type": "authorization_code", "client_id": self.okta["okta_client_id"], "code": answer["code"],
                "redirect_uri": self.okta["okta_callback_url"], "code_verifier": pending["verifier"]}
        tokens = fetch(self.discover()["token_endpoint"], urllib.parse.urlencode(form).encode())
        bearer = {"Authorization": "Bearer " + tokens["access_token"]}
        profile = fetch(self.discover()["userinfo_endpoint"], None, bearer)
        self.app["user"] = {"email": profile["email"], "name": profile["name"], "id_token": tokens["id_token"]}

    def aws_sdk_call(self):
        import_network()
        auth, storage = self.aws["Auth"], self.aws["Storage"]["AWSS3"]
        key = self.okta["okta_issuer_url"].split("://")[1]
        logins = {key: self.app["user"]["id_token"]}

        def cognito(action, body):
            headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AWSCognitoIdentityService." + action}
            return fetch(auth["identityPoolEndpoint"], json.dumps(body).encode(), headers)

        identity = cognito("GetId", {"IdentityPoolId": auth["identityPoolId"], "Logins": logins})["IdentityId"]
        keys = cognito("GetCredentialsForIdentity", {"IdentityId": identity, "Logins": logins})["Credentials"]
        listing = signed_get(storage["endpoint"], "/" + storage["bucket"], {"list-type": "2", "max-keys": "20"}, keys, storage["region"])
        keys = [part.split("</Key>")[0] for part in listing.split("<Key>")[1:]]
        # The marks that the app puts around a key, whose direction is its own.
        self.process["rows"] = ["\u2068%s\u2069, 1 KB, changed Nov 28, 2026" % unescape(key) for key in keys]

    # The browser.

    def open_page(self):
        import_network()
        answer = self.browse(self.chrome["address"])
        self.chrome["form"] = read_form(answer)
        self.chrome["fields"] = {"username": "", "password": ""}
        self.chrome["focus"] = None
        self.chrome["problem"] = None
        self.front = "page"

    def submit(self):
        import_network()
        form = self.chrome["form"]
        body = urllib.parse.urlencode({"form_token": form["token"], "action": "sign_in", **self.chrome["fields"]}).encode()
        try:
            self.browse(urllib.parse.urljoin(self.chrome["address"], form["action"]), body)
        except Redirected as redirect:
            return self.redirected(str(redirect))
        except urllib.error.HTTPError:
            self.chrome["problem"] = "Unable to sign in: the username or the password is wrong."

    def browse(self, address, body=None):
        jar = http.cookiejar.LWPCookieJar(os.path.join(PHONE, "cookies"))
        if os.path.exists(jar.filename):
            jar.load(ignore_discard=True)
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        try:
            return opener.open(address, body, timeout=20).read().decode()
        except urllib.error.HTTPError as error:
            # urllib follows no redirect to an app.
            if error.code in (302, 303):
                raise Redirected(error.headers["Location"])
            raise
        finally:
            jar.save(ignore_discard=True)

    # The screen.

    def nodes(self):
        """(left, top, right, bottom), attributes, what a tap does."""
        def button(top, text, does, enabled=True):
            # Compose: the text is inside of what can be tapped.
            return [((40, top, 1040, top + 140), {"class": "android.view.View", "clickable": "true", "enabled": str(enabled).lower()},
                     does if enabled else None, [((400, top + 40, 680, top + 100), {"class": "android.widget.TextView", "text": text}, None, [])])]

        def view(top, text, **more):
            return [((40, top, 1040, top + 60), {"class": "android.widget.TextView", "text": text, **more}, None, [])]

        def chrome_button(top, name, text, does):
            return [((540, top, 1040, top + 120), {"class": "android.widget.Button", "text": text, "clickable": "true",
                                                   "resource-id": f"{CHROME}:id/{name}"}, does, [])]

        if self.front == "app":
            user = self.app.get("user")
            found = view(200, "Sign in once.\nUse AWS.") if not user else view(200, "\u2068%s\u2069" % user["name"]) \
                + view(270, "\u2068%s\u2069" % user["email"]) + view(340, "Okta session") + view(410, "AWS keys")
            found += button(600, "Okta Login", "okta_login") + button(780, "AWS SDK Call", "aws_sdk_call", bool(user))
            rows = (self.process["rows"] or [])[:8]
            # Of a low screen, the rows begin below its edge.
            if rows and self.scrolled < self.low:
                rows = []
            return found + [((0, 1000 + 150 * n, 1080, 1140 + 150 * n), {"class": "android.view.View", "content-desc": row}, None, [])
                            for n, row in enumerate(rows)]
        if self.front == "terms":
            return view(900, "Welcome to Chrome", **{"resource-id": f"{CHROME}:id/title"}) + chrome_button(2000, "terms_accept", "Accept & continue", "pass")
        if self.front == "sync":
            return view(900, "Turn on sync?") + chrome_button(2000, "negative_button", "No thanks", "pass")
        if self.front == "page":
            title = view(100, "Sign in · Jetbridge local stack", **{"resource-id": f"{CHROME}:id/title_bar"})
            if self.chrome["loading"]:
                self.chrome["loading"] -= 1
                return title
            fields = self.chrome["fields"]
            problem = self.chrome["problem"]
            page = view(300, "Sign in", **{"class": "android.view.View"})
            if problem:
                page += view(370, problem, **{"class": "android.view.View", "resource-id": "problem"})
            edit = {"class": "android.widget.EditText", "clickable": "true"}
            page += [((40, 500, 1040, 620), {**edit, "resource-id": "username", "text": fields["username"]}, "username", []),
                     ((40, 700, 1040, 820), {**edit, "resource-id": "password", "password": "true", "text": "•" * len(fields["password"])}, "password", []),
                     ((40, 900, 1040, 1020), {"class": "android.widget.Button", "text": "Sign in", "clickable": "true"}, "submit", []),
                     ((40, 1060, 1040, 1180), {"class": "android.widget.Button", "text": "Cancel", "clickable": "true"}, None, [])]
            return title + page
        return view(300, "Home")

    def dump(self):
        def write(index, node):
            bounds, attributes, _, inside = node
            every = {"index": str(index), "text": "", "resource-id": "", "class": "android.view.View", "package": PACKAGE if self.front == "app" else CHROME,
                     "content-desc": "", "checkable": "false", "checked": "false", "clickable": "false", "enabled": "true", "focusable": "false",
                     "focused": "false", "scrollable": "false", "long-clickable": "false", "password": "false", "selected": "false", **attributes}
            every["bounds"] = "[%d,%d][%d,%d]" % bounds
            # AccessibilityNodeInfoDumper.stripInvalidXMLChars.
            every = {name: "".join(c if c >= " " or c in "\t\n\r" else "." for c in text) for name, text in every.items()}
            text = " ".join(name + "=" + quote(value) for name, value in every.items())
            return "<node %s>%s</node>" % (text, "".join(write(n, node) for n, node in enumerate(inside)))

        whole = ((0, 0, 1080, 1920), {"class": "android.widget.FrameLayout"}, None, self.nodes())
        return "<?xml version='1.0' encoding='UTF-8' standalone='yes' ?><hierarchy rotation=\"0\">" + write(0, whole) + "</hierarchy>"

    def tap(self, x, y):
        for (left, top, right, bottom), _, does, _ in self.nodes():
            if does and left <= x < right and top <= y < bottom:
                if does == "pass":
                    self.chrome["first"].pop(0)
                    self.front = self.chrome["first"][0] if self.chrome["first"] else "page"
                    return self.open_page() if self.front == "page" else None
                if does in ("username", "password"):
                    self.chrome["focus"] = does
                    return None
                return getattr(self, does)()
        return None

    # The device's own programs.

    def shell(self, line):
        words = shlex.split(line)
        match words:
            case ["getprop", "sys.boot_completed"]:
                return "" if self.spoiled("boot") else "1\n"
            case ["settings", "put", "global", name, "0"] if name.endswith("_scale"):
                return ""
            case ["sh", "-c", script] if script.startswith("echo 'chrome ") and script.endswith("' > /data/local/tmp/chrome-command-line"):
                return ""
            case ["am", "set-debug-app", "--persistent", "com.android.chrome"]:
                return ""
            case ["rm", "-f", old, "&&", *rest]:
                self.files.pop(old, None)
                return self.shell(shlex.join(rest))
            case ["cat", path]:
                return self.files.get(path) or refuse(f"cat: {path}: No such file or directory")
            case ["uiautomator", "dump", path]:
                if self.spoiled("dump dies"):
                    refuse("", 255)
                if self.spoiled("dump moves"):
                    return "ERROR: could not get idle state.\n"
                if self.spoiled("dump has no root"):
                    return "ERROR: null root node returned by UiTestAutomationBridge.\n"
                self.files[path] = self.dump()
                return f"UI hierchary dumped to: {path}\n"
            case ["screencap", "-p"]:
                return PNG
            case ["pm", "clear", package] if package in (PACKAGE, CHROME):
                if package == PACKAGE:
                    self.app, self.process, self.front = {}, None, "home"
                else:
                    self.chrome["first"] = list(self.first_screens)
                    if os.path.exists(os.path.join(PHONE, "cookies")):
                        os.remove(os.path.join(PHONE, "cookies"))
                return "Success\n" if self.installed else "Failed\n"
            case ["am", "start", "-W", "-n", component]:
                if not self.installed or component != f"{PACKAGE}/{ACTIVITY}":
                    return f"Starting: Intent {{ cmp={component} }}\nError type 3\nError: Activity class {{{component}}} does not exist.\n"
                self.launch()
                return f"Starting: Intent {{ cmp={component} }}\nStatus: ok\nLaunchState: COLD\nActivity: {component}\nTotalTime: 512\nWaitTime: 540\nComplete\n"
            case ["am", "kill", package]:
                # What is seen, or was a moment ago, is not ended.
                if package == PACKAGE and self.front != "app" and not self.spoiled("kill comes too early") and not self.immortal:
                    self.process = None
                return ""
            case ["pidof", package]:
                return f"{self.process['pid']}\n" if package == PACKAGE and self.process else refuse("")
            case ["input", "tap", x, y]:
                if not self.spoiled("tap is lost"):
                    self.tap(int(x), int(y))
                return ""
            case ["input", "swipe", _, y, _, other, _]:
                self.scrolled += int(y) > int(other)
                return ""
            case ["input", "text", text]:
                focus = self.chrome["focus"]
                if self.front == "page" and focus:
                    text = text.replace("%s", " ")
                    self.chrome["fields"][focus] += text[: len(text) // 2] if self.spoiled("typing is cut") else text
                return ""
            case ["input", "keyevent", *keys]:
                for key in keys:
                    key = key.removeprefix("KEYCODE_") if key.startswith("KEYCODE_") else refuse(f"input: unknown key {key}")
                    focus = self.chrome["focus"]
                    if self.front == "page" and focus and key == "DEL":
                        self.chrome["fields"][focus] = self.chrome["fields"][focus][:-1]
                    elif self.front == "page" and focus and key == "ENTER":
                        if not self.spoiled("enter is lost"):
                            self.submit()
                    elif key not in ("WAKEUP", "MENU", "MOVE_END", "DEL", "ENTER"):
                        refuse(f"input: unknown key {key}")
                return ""
        return refuse(f"/system/bin/sh: {line}: inaccessible or not found", 127)

    def adb(self, arguments):
        if arguments == ["devices"]:
            return "List of devices attached\n%s\n" % ("emulator-5554\tdevice\n" if self.running else "")
        if arguments[:2] != ["-s", "emulator-5554"]:
            refuse(f"adb: unknown command {arguments}")
        if not self.running:
            refuse("adb: device 'emulator-5554' not found")
        match arguments[2:]:
            case ["shell", line]:
                return self.shell(line)
            case ["exec-out", *words]:
                return self.shell(" ".join(words))
            case ["reverse", device, host] if device == host and device.startswith("tcp:"):
                self.ports.append(int(device[4:]))
                return device[4:] + "\n"
            case ["install", "-r", apk]:
                import zipfile
                with zipfile.ZipFile(apk) as file:
                    self.okta = json.loads(file.read("assets/okta-config.json"))
                    self.aws = json.loads(file.read("assets/aws-exports.json"))
                    self.installed = file.read("build-type").decode()
                return "Performing Streamed Install\nSuccess\n"
            case ["logcat", "-d", "-v", "threadtime"]:
                return "--------- beginning of main\n11-28 12:00:00.000  1000  1000 I Jetbridge: log\n"
            case ["emu", "kill"]:
                self.running = False
                return "OK: killing emulator, bye bye\nOK\n"
        return refuse(f"adb: unknown command {arguments}")


def quote(text):
    """XML 1.0, 2.3 and 4.1."""
    for character, name in (("&", "amp"), ("<", "lt"), (">", "gt"), ('"', "quot"), ("\n", "#10")):
        text = text.replace(character, f"&{name};")
    return f'"{text}"'


def unescape(text):
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")


class Redirected(Exception):
    """To an address that is the app's."""


def read_form(page):
    class Form(html.parser.HTMLParser):
        def __init__(self):
            super().__init__()
            self.found = {"inputs": []}

        def handle_starttag(self, tag, attributes):
            attributes = dict(attributes)
            if tag == "form":
                self.found["action"] = attributes["action"]
            if tag == "input":
                self.found["inputs"].append(attributes.get("id"))
                if attributes["name"] == "form_token":
                    self.found["token"] = attributes["value"]

    form = Form()
    form.feed(page)
    if not {"username", "password"} <= set(form.found["inputs"]) or "token" not in form.found:
        refuse("the page has no form for a sign-in")
    return form.found


def fetch(address, body=None, headers=None):
    return json.load(urllib.request.urlopen(urllib.request.Request(address, body, headers or {}), timeout=20))


def signed_get(endpoint, path, query, keys, region):
    """AWS, "Create a signed AWS API request" (reference_sigv-create-signed-request)."""
    host = urllib.parse.urlsplit(endpoint).netloc
    moment = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    nothing = hashlib.sha256(b"").hexdigest()
    headers = {"host": host, "x-amz-content-sha256": nothing, "x-amz-date": moment, "x-amz-security-token": keys["SessionToken"]}
    names, text = ";".join(sorted(headers)), urllib.parse.urlencode(sorted(query.items()))
    request = "\n".join(["GET", path, text, *(f"{name}:{headers[name]}" for name in sorted(headers)), "", names, nothing])
    scope = f"{moment[:8]}/{region}/s3/aws4_request"
    to_sign = "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(request.encode()).hexdigest()])
    key = ("AWS4" + keys["SecretKey"]).encode()
    for part in [moment[:8], region, "s3", "aws4_request", to_sign]:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={keys['AccessKeyId']}/{scope}, SignedHeaders={names}, Signature={key.hex()}"
    return urllib.request.urlopen(urllib.request.Request(endpoint + path + "?" + text, headers=headers), timeout=20).read().decode()


def archive(path, folder, more):
    import zipfile
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with zipfile.ZipFile(path, "w") as file, open(os.path.join(PHONE, "library.so"), "rb") as library:
        file.writestr(f"{folder}/libjetbridge_ffi.so", library.read(), zipfile.ZIP_DEFLATED)
        for name, content in more.items():
            file.writestr(name, content)


def gradlew(device, arguments):
    """Makes what the tasks are called for: the app with its flavour's configuration in it."""
    tasks = [argument for argument in arguments if argument.startswith(":")]
    if device.spoiled("gradle"):
        refuse("FAILURE: Build failed with an exception.")
    if "publishToMavenLocal" in arguments:
        for name in ("jetbridge", "jetbridge-testing", "jetbridge-okhttp", "jetbridge-aws"):
            archive(f"{name}/build/outputs/aar/{name}-release.aar", "jni/arm64-v8a", {})
    for task in tasks:
        if task.startswith(":app:assembleLocalStack"):
            kind = task.removeprefix(":app:assembleLocalStack").lower()
            # Without a stack that runs there is no configuration, and Gradle's task copies what there is.
            configuration = {f"assets/{name}": open(f"app/build/local-stack/{name}", "rb").read() for name in
                             ("okta-config.json", "aws-exports.json") if os.path.exists(f"app/build/local-stack/{name}")}
            archive(f"app/build/outputs/apk/localStack/{kind}/app-localStack-{kind}.apk", "lib/x86_64", {**configuration, "build-type": kind})
        elif task in (":jetbridge:testDebugUnitTest", ":app:testLocalStackDebugUnitTest"):
            pass
        elif task == ":app:bundleOktaRelease":
            # BundleConfig { optimizations { uncompress_native_libraries { enabled: true alignment: PAGE_ALIGNMENT_16K } } }
            archive("app/build/outputs/bundle/oktaRelease/app-okta-release.aab", "base/lib/arm64-v8a",
                    {"BundleConfig.pb": b"\x12\x06\x12\x04\x08\x01\x10\x02"})
        elif task == ":jetbridge:connectedDebugAndroidTest":
            if os.environ.get("ANDROID_SERIAL") != "emulator-5554" or not device.running:
                refuse("No connected devices!")
        else:
            refuse(f"Task '{task}' not found in root project 'jetbridge'.")
    return "BUILD SUCCESSFUL\n"


def main():
    name, arguments = os.path.basename(sys.argv[0]), sys.argv[1:]
    answers = sys.stdin.read() if name in ("sdkmanager", "avdmanager") else ""
    if name == "emulator":
        # Runs until somebody ends it.
        import time
        for needed in ("-avd", "-port", "-no-window"):
            if needed not in arguments:
                sys.exit(f"emulator: {needed} is missing")
        device = Device()
        device.calls.append([name, *arguments])
        device.running = not device.spoiled("emulator ends")
        is_running = device.running
        device.save()
        device.lock.close()
        print("INFO    | Android emulator version 36.1.9.0", flush=True)
        if not is_running:
            sys.exit("ERROR   | x86_64 emulation currently requires hardware acceleration!")
        while is_running:
            time.sleep(0.1)
            device = Device()
            is_running = device.running
            device.lock.close()
        sys.exit(0)
    device = Device()
    device.calls.append([name, *arguments])
    try:
        match [name, *arguments]:
            case ["adb", *_]:
                answer = device.adb(arguments)
            case ["gradlew", *_]:
                answer = gradlew(device, arguments)
            case ["sdkmanager", "--licenses"]:
                answer = "All SDK package licenses accepted\n" if "y\n" in answers else refuse("not accepted")
            case ["sdkmanager", "--install", *packages]:
                device.packages = packages
                answer = ""
            case ["avdmanager", "create", "avd", "--force", "--name", _, "--package", package, "--device", _]:
                if package not in device.packages:
                    refuse(f"Error: Package path is not valid. Valid system image paths are: {device.packages}")
                answer = "Do you wish to create a custom hardware profile? [no] " if answers == "no\n" else refuse("no answer")
            case _:
                answer = refuse(f"{name}: unknown arguments {arguments}")
    except Refused as refused:
        text, code = refused.args
        if text:
            print(text, file=sys.stderr)
        device.save()
        sys.exit(code)
    device.save()
    sys.stdout.buffer.write(answer if isinstance(answer, bytes) else answer.encode())


main()
