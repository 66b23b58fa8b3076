// As much of Quick Look as the app uses, so that Linux can compile it: developer.apple.com/documentation/swiftui (read in
// November 2026). On Apple's systems it is in a module beside, which comes with the imports of QuickLook and SwiftUI.
import Foundation
import SwiftUI

extension View {
    /// iOS 14, macOS 11. https://developer.apple.com/documentation/swiftui/view/quicklookpreview(_:)
    public func quickLookPreview(_ item: Binding<URL?>) -> some View { Modified(self) }
}
