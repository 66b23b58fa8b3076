"""Puts the android { } block of each module into a function that a plain Kotlin compiler can check."""

import re
import sys
from pathlib import Path

root, out = Path(sys.argv[1]), Path(sys.argv[2])
out.mkdir(parents=True, exist_ok=True)
for module, extension in ("jetbridge", "LibraryExtension"), ("app", "ApplicationExtension"):
    script = (root / module / "build.gradle.kts").read_text()
    block = re.search(r"^android \{\n(.*?)^}", script, re.M | re.S)[1]
    (out / f"{module}.kt").write_text(
        # Gradle's Kotlin scripts bring the assignment of properties and a project; a plain compiler has the API only.
        "import org.gradle.api.JavaVersion\n"
        "import org.gradle.api.provider.ProviderFactory\n\n"
        f"fun com.android.build.api.dsl.{extension}.check{module.title()}(providers: ProviderFactory) {{\n{block}}}\n"
    )
