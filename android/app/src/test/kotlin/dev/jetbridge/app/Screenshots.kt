package dev.jetbridge.app

import android.app.Activity
import android.graphics.Bitmap
import android.graphics.Canvas
import android.view.View
import java.io.File

/** Pictures for people to look at, in app/build/screenshots. */
object Screenshots {
    /** Draws what is on the screen; [dialog] on top of it, as the window manager would. */
    fun take(
        activity: Activity,
        name: String,
        dialog: View? = null,
    ) {
        val view = activity.window.decorView
        val bitmap = Bitmap.createBitmap(view.width, view.height, Bitmap.Config.ARGB_8888)
        val canvas = Canvas(bitmap)
        view.draw(canvas)
        dialog?.let {
            canvas.drawColor(SCRIM)
            canvas.translate((view.width - it.width) / 2f, (view.height - it.height) / 2f)
            it.draw(canvas)
        }
        val file = File(System.getProperty("jetbridge.android.dir"), "app/build/screenshots/$name.png")
        file.parentFile!!.mkdirs()
        file.outputStream().use { bitmap.compress(Bitmap.CompressFormat.PNG, 100, it) }
    }

    private const val SCRIM = 0x52000000
}
