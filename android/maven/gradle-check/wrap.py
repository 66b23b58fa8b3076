"""Puts each script into a class that a plain Kotlin compiler can check and a test can run; see src/main/kotlin/Script.kt."""

import re
import shutil
import sys
from pathlib import Path

# What Gradle imports into its scripts by itself, as far as ours need it.
IMPORTS = """import com.android.build.api.dsl.*
import com.android.build.api.variant.*
import java.io.File
import javax.inject.Inject
import org.gradle.api.*
import org.gradle.api.file.*
import org.gradle.api.provider.*
import org.gradle.api.publish.maven.*
import org.gradle.api.tasks.*
import org.gradle.api.tasks.testing.*
import org.gradle.process.ExecOperations
"""

root, out = Path(sys.argv[1]), Path(sys.argv[2])
# What an earlier set of scripts left would be compiled beside this one.
shutil.rmtree(out, ignore_errors=True)
out.mkdir(parents=True)
COMPONENTS = "AndroidComponentsExtension"
for folder, name, types in (
    (".", "Root", "Unit, Unit"),
    ("jetbridge", "Jetbridge", f"LibraryExtension, Library{COMPONENTS}"),
    ("jetbridge-testing", "JetbridgeTesting", f"LibraryExtension, Library{COMPONENTS}"),
    ("jetbridge-okhttp", "JetbridgeOkHttp", f"LibraryExtension, Library{COMPONENTS}"),
    ("jetbridge-aws", "JetbridgeAws", f"LibraryExtension, Library{COMPONENTS}"),
    ("app", "App", f"ApplicationExtension, Application{COMPONENTS}"),
):
    script = (root / folder / "build.gradle.kts").read_text()
    script = re.sub(r"^(plugins|dependencies) \{\n.*?^}\n", "", script, flags=re.M | re.S)
    imports = "".join(re.findall(r"^import .*\n", script, re.M))
    script = re.sub(r"^import .*\n", "", script, flags=re.M)
    # Gradle makes instances of these, which it cannot of classes inside of a function.
    tasks = re.compile(r"^abstract class .*?^    }\n", re.M | re.S)
    (out / f"{name}.kt").write_text(
        f"{IMPORTS}{imports}\n"
        f"{''.join(tasks.findall(script))}\n"
        f"class {name}Script(project: Project) : Script<{types}>(project) {{\n"
        f"    init {{\n{tasks.sub('', script)}    }}\n"
        f"}}\n"
    )
