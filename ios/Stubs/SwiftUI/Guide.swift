// What the guide's examples use of SwiftUI beside SwiftUI.swift. From developer.apple.com/documentation/swiftui, as there;
// all of it is in iOS 16.

extension ForEach {
    /// https://developer.apple.com/documentation/swiftui/foreach/init(_:id:content:)
    public init<ID: Hashable>(
        _ data: Data, id: KeyPath<Data.Element, ID>, @ViewBuilder content: @escaping (Data.Element) -> Content
    ) { for element in data { _ = content(element) } }
}

extension Button where Label == Text {
    /// https://developer.apple.com/documentation/swiftui/button/init(_:action:), of a text that is not translated
    @_disfavoredOverload
    public init(_ title: some StringProtocol, action: @escaping @MainActor () -> Void) {
        Drawn.buttons[String(title)] = action
    }
}

/// https://developer.apple.com/documentation/swiftui/navigationlink
public struct NavigationLink<Label: View, Destination: View>: Leaf {}
extension NavigationLink where Destination == Never {
    /// iOS 16. https://developer.apple.com/documentation/swiftui/navigationlink/init(value:label:)
    public init<P: Hashable>(value: P?, @ViewBuilder label: () -> Label) { _ = label() }
}
extension NavigationLink where Label == Text {
    /// https://developer.apple.com/documentation/swiftui/navigationlink/init(_:destination:)
    public init(_ title: some StringProtocol, @ViewBuilder destination: () -> Destination) {
        Drawn.links[String(title)] = destination()
    }
}

extension Drawn {
    /// What is behind the links, by their titles.
    public static var links: [String: any View] = [:]
}
