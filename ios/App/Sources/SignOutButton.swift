// The three strengths of signing out, with what each does and when it is right.
import Jetbridge
import SwiftUI

struct SignOutButton: View {
    let signOut: @MainActor (SignOutMode) -> Void
    @State private var asksHowFar = false

    var body: some View {
        Button("Sign out", systemImage: "rectangle.portrait.and.arrow.right") { asksHowFar = true }
            .confirmationDialog("Sign out how far?", isPresented: $asksHowFar, titleVisibility: .visible) {
                Button("This app only", role: .destructive) { signOut(.local) }
                Button("This app, and tell Okta", role: .destructive) { signOut(.revoke) }
                Button("The browser too", role: .destructive) { signOut(.endSession) }
            } message: {
                Text(
                    """
                    This app only: the session on this device is erased, also without a network.

                    And tell Okta: no copy of the session can be renewed. Right for a lost or shared device.

                    The browser too: the next sign-in asks for the password again, in other apps as well.
                    """
                )
            }
    }
}
