package dev.jetbridge.app

import android.content.Context
import android.content.Intent
import android.net.Uri
import androidx.core.app.ShareCompat
import androidx.core.content.FileProvider

/**
 * Lends downloads to other apps, one at a time and for reading.
 *
 * A class of its own, as its documentation wants it: androidx's own in the manifest "is not reliable and will causes crashes on
 * some devices" (developer.android.com/reference/androidx/core/content/FileProvider, "Defining a FileProvider").
 */
class SharedFiles : FileProvider(R.xml.shared_files) {
    companion object {
        /** The address of [shared] for other apps. */
        internal fun uri(
            context: Context,
            shared: SharedFile,
        ): Uri = getUriForFile(context, context.packageName + ".shared", shared.file)

        /** Asks the user for an app to give it to. ShareCompat puts it into the clip data, too, and with that grants reading. */
        internal fun share(
            context: Context,
            shared: SharedFile,
        ): Intent =
            ShareCompat
                .IntentBuilder(context)
                .setType(shared.type)
                .setStream(uri(context, shared))
                .createChooserIntent()

        /** Shows it in the app that is there for such files. */
        internal fun view(
            context: Context,
            shared: SharedFile,
        ): Intent =
            Intent(Intent.ACTION_VIEW)
                .setDataAndType(uri(context, shared), shared.type)
                .addFlags(Intent.FLAG_GRANT_READ_URI_PERMISSION)
    }
}
