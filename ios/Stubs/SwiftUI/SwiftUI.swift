// As much of SwiftUI as the app and the guide's examples use, so that Linux can compile them. Nothing here shows anything.
@_exported import Foundation
@_exported import Observation
