"""Puts the script of each module into a class that a plain Kotlin compiler can check; see src/main/kotlin/Script.kt."""

import re
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
import org.gradle.api.tasks.*
import org.gradle.process.ExecOperations
"""

root, out = Path(sys.argv[1]), Path(sys.argv[2])
out.mkdir(parents=True, exist_ok=True)
for module, kind in ("jetbridge", "Library"), ("app", "Application"):
    script = (root / module / "build.gradle.kts").read_text()
    script = re.sub(r"^(plugins|dependencies|publishing) \{\n.*?^}\n", "", script, flags=re.M | re.S)
    imports = "".join(re.findall(r"^import .*\n", script, re.M))
    script = re.sub(r"^import .*\n", "", script, flags=re.M)
    (out / f"{module}.kt").write_text(
        f"{IMPORTS}{imports}\n"
        f"abstract class {module.title()}Script :\n"
        f"    Script<{kind}Extension, {kind}AndroidComponentsExtension>() {{\n"
        f"    init {{\n{script}    }}\n"
        f"}}\n"
    )
