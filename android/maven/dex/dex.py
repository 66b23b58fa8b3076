"""Dexes the app as a release is dexed, by R8 in full mode with the rules that come with the library, and looks into the
dex files for what is called by its name: by JNA, by JNI and by Android. A class or a rule that is missing fails here, and
not on a phone. The library goes first, and alone: another library's rules must not hide what its own lack. Nothing is
dexed again while its input is the same."""

import hashlib
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

ANDROID = Path(__file__).resolve().parents[2]
OUT = ANDROID / "build/dex"
APP = ANDROID / "app/build/maven"
LIBRARY = ANDROID / "jetbridge/build/maven"
ARTIFACTS = [ANDROID / "jetbridge-okhttp", ANDROID / "jetbridge-aws"]
AARS = ANDROID / "maven/androidx/build/maven/unpacked"
RUST = sorted((ANDROID.parent / "crates/ffi/src").glob("*.rs"))
OLDEST_API = 26

# Each class in these keeps its name and all its members: rules in consumer-rules.pro.
REACHED_BY_NAME = [re.compile(pattern) for pattern in ("com/sun/jna/", "dev/jetbridge/[^/]+$")]


@dataclass
class DexClass:
    superclass: str = ""
    members: set[str] = field(default_factory=set)
    natives: set[str] = field(default_factory=set)
    # JNA's annotation: how the fields of a structure lie in memory.
    field_order: set[str] = field(default_factory=set)


def class_path(file: Path) -> list[Path]:
    return [Path(entry) for entry in file.read_text().strip().split(":")]


def jar_of(folder: Path) -> Path:
    """R8 reads no folders. The app has the R classes of all libraries; an AAR brings none."""
    jar = OUT / "program" / f"{folder.relative_to(ANDROID).parts[-4]}.jar"
    with zipfile.ZipFile(jar, "w") as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            if folder == APP / "classes" or not re.fullmatch(r"R(\$\w+)?\.class", path.name):
                # A fixed date: the same classes are the same jar.
                archive.writestr(zipfile.ZipInfo(str(path.relative_to(folder))), path.read_bytes())
    return jar


def jar_in(aar: Path) -> Path:
    jar = OUT / "program" / f"{aar.stem}.jar"
    with zipfile.ZipFile(aar) as archive:
        jar.write_bytes(archive.read("classes.jar"))
    return jar


def java_of_phones() -> Path:
    """What android-all leaves out and an SDK's android.jar has: of java.* the packages that phones have, so no java.awt."""
    jdk = Path(shutil.which("javac") or "").resolve().parents[1]
    folder = OUT / "java"
    shutil.rmtree(folder, ignore_errors=True)
    include = r"regex:/java\.(base|logging|prefs|sql)/.*/.*\.class"
    subprocess.run(["jimage", "extract", "--dir", folder, "--include", include, jdk / "lib/modules"], check=True)
    jar = OUT / "program/java.jar"
    with zipfile.ZipFile(jar, "w") as archive:
        for path in folder.rglob("*.class"):
            archive.write(path, Path(*path.relative_to(folder).parts[1:]))
    return jar


def components(manifest: str) -> list[str]:
    """The classes that Android makes by their name."""
    return re.findall(r'<(?:application|activity|provider|receiver|service)\s[^>]*?android:name="([^"]+)"', manifest)


def rules_of_others(r8: Path, jars: list[Path]) -> list[Path]:
    """What Gradle would collect from the other libraries: rules in AARs and in jars, and what their manifests name."""
    in_jars = OUT / "jars.pro"
    java(r8, "ExtractR8Rules", "--rules-output", in_jars, *jars)
    manifests = [manifest.read_text() for manifest in sorted(AARS.glob("*/AndroidManifest.xml"))]
    named = sorted({name for manifest in manifests for name in components(manifest)})
    in_manifests = OUT / "manifests.pro"
    in_manifests.write_text("".join(f"-keep class {name} {{ <init>(); }}\n" for name in named))
    return [in_manifests, in_jars, *sorted(AARS.glob("*/proguard.txt"))]


def beside_the_library(module: Path) -> dict[str, Path]:
    """What an artifact brings along, by its name; the library is there already."""
    jars = [path for path in class_path(module / "build/maven/runtime.classpath") if path.suffix == ".jar"]
    return {jar.parents[1].name: jar for jar in jars}


def java(r8: Path, tool: str, *arguments: object) -> None:
    # The JVM's second compiler costs more than it wins in a minute.
    options = ["-Xmx3g", "-XX:+UseParallelGC", "-XX:TieredStopAtLevel=1"]
    command = ["java", *options, "-cp", r8, f"com.android.tools.r8.{tool}", *arguments]
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    (OUT / f"{tool}.log").write_text(done.stdout)
    if done.returncode:
        # R8 says the same of each class in several places, among its own stack.
        said = dict.fromkeys(line for line in done.stdout.splitlines() if not line.startswith("\t"))
        sys.exit("\n".join(["failed: " + tool, *list(said)[:40]]))


def dex_classes(dex: Path) -> dict[str, DexClass]:
    classes: dict[str, DexClass] = {}
    current, section, name, order = DexClass(), "", "", set()
    with subprocess.Popen(["dexdump", "-a", dex], stdout=subprocess.PIPE, text=True, errors="replace") as dump:
        for line in dump.stdout or ():
            if match := re.match(r"  VISIBILITY_RUNTIME Lcom/sun/jna/Structure\$FieldOrder; value=\{(.*)}", line):
                order = set(re.findall(r'"([^"]+)"', match[1]))
            elif match := re.match(r"  Class descriptor  : 'L(.+);'", line):
                current, order = DexClass(field_order=order), set()
                classes[match[1]] = current
            elif match := re.match(r"  Superclass        : 'L(.+);'", line):
                current.superclass = match[1]
            elif match := re.match(r"  (\w+ \w+) +-$", line):
                section = match[1]
            elif match := re.match(r"      name          : '(.+)'", line):
                name = match[1]
                current.members.add(name)
            elif "NATIVE" in line and section == "Direct methods" and line.startswith("      access "):
                current.natives.add(name)
    if dump.returncode:
        sys.exit(f"failed: dexdump {dex.name}")
    return classes


def members(jars: list[Path]) -> dict[str, set[str]]:
    """The classes that are reached by name, as the compiler made them."""
    names = []
    for jar in jars:
        with zipfile.ZipFile(jar) as archive:
            names += [name.removesuffix(".class") for name in archive.namelist() if name.endswith(".class")]
    wanted = [name for name in names if any(pattern.match(name) for pattern in REACHED_BY_NAME)]
    command = ["javap", "-p", "-cp", ":".join(map(str, jars)), *(name.replace("/", ".") for name in wanted)]
    listing = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    found: dict[str, set[str]] = {}
    current = ""
    for line in listing.splitlines():
        if match := re.search(r"\b(?:class|interface) ([^\s<{]+)", "" if line.startswith(" ") else line):
            current = match[1]
            found[current.replace(".", "/")] = set()
        elif line.startswith("  ") and line != "  static {};":
            name = re.split(r"[(;]", line)[0].split()[-1]
            found[current.replace(".", "/")].add("<init>" if name == current else name)
    if set(found) != set(wanted):
        sys.exit(f"failed: javap was misread: {sorted(set(found) ^ set(wanted))[:5]}")
    return found


def problems(dex: dict[str, DexClass], compiled: dict[str, set[str]], manifest: Path) -> list[str]:
    found = []
    for name, expected in compiled.items():
        if name not in dex:
            found.append(f"{name} is gone or has another name")
        elif lost := expected - dex[name].members:
            found.append(f"{name} lost {', '.join(sorted(lost))}")
    structures = [name for name in dex if name.startswith("dev/jetbridge/") and dex[name].superclass == "com/sun/jna/Structure"]
    for name in structures:
        if not dex[name].field_order or not dex[name].field_order <= dex[name].members:
            found.append(f"{name} lost the order of its fields")
    # What the JVM looks for when Rust's function is called: Java_package_Class_method.
    rust = "".join(path.read_text() for path in RUST)
    exported = re.findall(r"\bfn Java_(\w+)_(\w+?)\b", rust)
    called = re.findall(r'\bcall_static_method\(\s*[^,]+,\s*jni_str!\("(\w+)"\)', rust)
    for owner, method in exported:
        if method not in dex.get(owner.replace("_", "/"), DexClass()).natives:
            found.append(f"{owner.replace('_', '/')} has no native method {method}")
        # The class that calls is the one that is called.
        for name in called:
            if name not in dex.get(owner.replace("_", "/"), DexClass()).members:
                found.append(f"{owner.replace('_', '/')} lost {name}, which Rust calls")
    named = components(manifest.read_text())
    for name in named:
        if "<init>" not in dex.get(name.replace(".", "/"), DexClass()).members:
            found.append(f"{name} of the manifest is gone or has another name")
    # Whoever looks for nothing finds nothing amiss.
    looked_for = [any(map(pattern.match, compiled)) for pattern in REACHED_BY_NAME]
    if not (all(looked_for) and structures and exported and called and named):
        found.append("the check itself has lost what it looks for")
    return found


def digest(files: list[Path]) -> str:
    whole = hashlib.sha256()
    for file in files:
        whole.update(hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()


def main() -> None:
    (OUT / "program").mkdir(parents=True, exist_ok=True)
    r8, jna, framework = class_path(ANDROID / "maven/dex/build/maven/tools.classpath")
    library = [jar_of(LIBRARY / "classes"), jar_in(jna)]
    shipped_with = [path for path in class_path(APP / "runtime.classpath") if path != LIBRARY / "classes"]
    others = [jar_of(path) if path.is_dir() else path for path in shipped_with]
    app = jar_of(APP / "classes")
    # A use of the library, so that there is something to shrink around.
    use = OUT / "use.pro"
    use.write_text("-keep class dev.jetbridge.JetbridgeSession { public *; }\n")
    own = [ANDROID / "jetbridge/consumer-rules.pro"]
    around = [ANDROID / "maven/dex/rules.pro", *rules_of_others(r8, others)]
    # What the artifacts need, and nothing that only some apps have: aws.sdk.kotlin's clients.
    artifacts = [jar_of(module / "build/maven/classes") for module in ARTIFACTS]
    by_name = {name: jar for module in ARTIFACTS for name, jar in beside_the_library(module).items()}
    brought = list(by_name.values())
    use_of_artifacts = OUT / "use-artifacts.pro"
    use_of_artifacts.write_text("-keep public class dev.jetbridge.okhttp.**,dev.jetbridge.aws.** { public *; }\n")
    of_artifacts = [use_of_artifacts, *sorted(path for module in ARTIFACTS for path in module.glob("consumer-rules.pro"))]
    manifests = {module: module / "resources/AndroidManifest.xml" for module in (LIBRARY, APP)}
    named = {module: module / "resources/manifest.pro" for module in (LIBRARY, APP)}

    # Android's classes change with their name only, and are too many to read each time.
    jars = [r8, app, *library, *others, *artifacts, *brought]
    files = [Path(__file__), *jars, use, *own, *around, *of_artifacts, *manifests.values(), *named.values(), *RUST]
    inputs = digest(files) + f" {framework.name}\n"
    stamp = OUT / "passed"
    if stamp.exists() and stamp.read_text() == inputs:
        print("dex: nothing has changed since it was dexed and looked through")
        return
    stamp.unlink(missing_ok=True)

    compiled = members(library)
    platform = [framework, java_of_phones()]

    def dex(name: str, module: Path, jars: list[Path], rules: list[Path], *beside: Path) -> None:
        options: list[object] = ["--release", "--min-api", OLDEST_API]
        for jar in platform:
            options += ["--lib", jar]
        for jar in beside:
            options += ["--classpath", jar]
        for rule in rules:
            options += ["--pg-conf", rule]
        out = OUT / name
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        java(r8, "R8", *options, "--output", out, *jars)
        classes = {name: kept for file in sorted(out.glob("*.dex")) for name, kept in dex_classes(file).items()}
        if found := problems(classes, compiled, manifests[module]):
            sys.exit("\n".join([f"failed: the shrunk {name} lacks what is reached by name:", *found[:40]]))
        print(f"dex: {name}: {len(classes)} classes, {len(compiled)} of them reached by name and whole", flush=True)

    # The library's rules keep what reads its texts; the numbers of those are in the app.
    dex("library", LIBRARY, library, [use, named[LIBRARY], *own], app, *others)
    dex("app", APP, [app, *library, *others], [named[APP], *own, *around])
    # A class that they call and that is not there fails here: R8 says so, unless a rule of theirs says that it may be missing.
    in_jars = OUT / "artifacts.pro"
    java(r8, "ExtractR8Rules", "--rules-output", in_jars, *brought)
    not_brought = [jar for jar in others if jar.parents[1].name not in by_name]
    dex("artifacts", LIBRARY, [*library, *artifacts, *brought], [use, named[LIBRARY], *own, *of_artifacts, in_jars], app, *not_brought)
    stamp.write_text(inputs)


if __name__ == "__main__":
    main()
