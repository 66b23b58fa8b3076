// What the guide's examples use beside SwiftUI.swift.

extension List {
    public init<Data: RandomAccessCollection, ID: Hashable, Row: View>(
        _ data: Data, id: KeyPath<Data.Element, ID>, @ViewBuilder rowContent: @escaping (Data.Element) -> Row
    ) where Content == Modified { for element in data { _ = rowContent(element) } }
}
