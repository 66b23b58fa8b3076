#!/bin/sh
# Puts the configuration into the built app: the two files, and the scheme of the redirect, which iOS wants to find in
# Info.plist as well. So the scheme is written down once, in okta-config.json. Xcode runs this after everything else and
# before it signs. What has not changed is left alone, or an unchanged app would have to be signed again.
set -eu

# Xcode shows a line that begins so as an error of the build.
stop() {
    echo "error: $1" >&2
    exit 1
}

app=$TARGET_BUILD_DIR/$UNLOCALIZED_RESOURCES_FOLDER_PATH
plist=$TARGET_BUILD_DIR/$INFOPLIST_PATH

for file in okta-config.json aws-exports.json; do
    source=$JETBRIDGE_CONFIG_DIR/$file
    if [ ! -f "$source" ]; then
        if [ "$CONFIGURATION" = LocalStack ]; then
            stop "$source is missing. Start the local stack: cargo run -- local-stack --port 9400 --write-config ios/App/build/local-stack"
        fi
        stop "$source is missing. Copy ${file%.json}.example.json to $file there and fill in your values (config/README.md), or choose the scheme Jetbridge Local Stack."
    fi
    cmp -s "$source" "$app/$file" || cp "$source" "$app/$file"
done

callback=$(plutil -extract okta_callback_url raw -o - "$app/okta-config.json") ||
    stop "$JETBRIDGE_CONFIG_DIR/okta-config.json has no okta_callback_url, or is not JSON: config/README.md says what belongs there."
case $callback in
*:*) scheme=${callback%%:*} ;;
*) scheme= ;;
esac
case $scheme in
http | https)
    # Nothing to declare. An https redirect comes back through the sheet, or as a Universal Link.
    plutil -remove CFBundleURLTypes "$plist" >/dev/null 2>&1 || true
    exit 0
    ;;
*[!A-Za-z0-9+.-]* | "")
    stop "okta_callback_url in $JETBRIDGE_CONFIG_DIR/okta-config.json is no URL with a scheme: com.okta.dev-12345678:/callback is one."
    ;;
esac
declared=$(plutil -extract CFBundleURLTypes.0.CFBundleURLSchemes.0 raw -o - "$plist" 2>/dev/null) || declared=
if [ "$declared" != "$scheme" ]; then
    plutil -replace CFBundleURLTypes -json "[{\"CFBundleURLName\": \"sign-in\", \"CFBundleURLSchemes\": [\"$scheme\"]}]" "$plist"
fi
