// As much of PhotosUI as the app uses, so that Linux can compile it. Versions and isolation are those of
// developer.apple.com/documentation/photosui and, of the modifier, developer.apple.com/documentation/swiftui (read in November
// 2026). On Apple's systems both are in a module beside, which comes with the imports of PhotosUI and SwiftUI.
import CoreTransferable
import Foundation
import SwiftUI

/// iOS 16, macOS 13. Of no actor. https://developer.apple.com/documentation/photosui/photospickeritem
public struct PhotosPickerItem: Equatable, Hashable, Sendable {
    /// iOS 16, macOS 13. https://developer.apple.com/documentation/photosui/photospickeritem/encodingdisambiguationpolicy
    public struct EncodingDisambiguationPolicy: Equatable, Hashable, Sendable {
        /// iOS 16, macOS 13.
        /// https://developer.apple.com/documentation/photosui/photospickeritem/encodingdisambiguationpolicy/automatic
        public static let automatic = EncodingDisambiguationPolicy()
        /// iOS 16, macOS 13: as the library has it, if that can be given.
        /// https://developer.apple.com/documentation/photosui/photospickeritem/encodingdisambiguationpolicy/current
        public static let current = EncodingDisambiguationPolicy()
    }

    /// iOS 16, macOS 13. https://developer.apple.com/documentation/photosui/photospickeritem/loadtransferable(type:)
    public func loadTransferable<T: Transferable>(type: T.Type) async throws -> sending T? { nil }
}

/// iOS 14, macOS 13, visionOS 1. https://developer.apple.com/documentation/photosui/phpickerfilter-swift.struct
public struct PHPickerFilter: Equatable, Hashable, Sendable {}

extension View {
    /// iOS 16, macOS 13.
    /// https://developer.apple.com/documentation/swiftui/view/photospicker(ispresented:selection:matching:preferreditemencoding:)
    public func photosPicker(
        isPresented: Binding<Bool>, selection: Binding<PhotosPickerItem?>, matching filter: PHPickerFilter? = nil,
        preferredItemEncoding: PhotosPickerItem.EncodingDisambiguationPolicy = .automatic
    ) -> some View { Modified(self) }
}
