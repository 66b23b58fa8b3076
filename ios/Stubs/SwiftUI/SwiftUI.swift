// As much of SwiftUI as the app and the guide's examples use, so that Linux can compile them: signatures as in Apple's SDK
// as far as a caller can tell, and bodies that do nothing, because nothing here shows anything.
//
// Signatures, isolation and versions are those of developer.apple.com/documentation/swiftui (read in November 2026, with SDK
// 27.3). All of it is in iOS 17.0; what is newer says so. The protocols are `@MainActor @preconcurrency` as a whole from
// Xcode 16 on (`View`: only `body` up to Xcode 15). Apple's views, their initializers and the modifiers are `nonisolated`;
// here they belong to the main actor, which is stricter. Closures have Apple's isolation: `@MainActor` for a button's
// action, `@Sendable` for `refreshable`, none for `onOpenURL`. Where editions differ, Swift 6.0 stands for Xcode 16 and
// Swift 6.2 for Xcode 26.4 and newer. The documentation leaves out attributes with an underscore, there as in Swift's own
// `Task.init`; that `task` inherits its caller's actor in both editions is known from how it works. `@State` is a macro from
// Xcode 27 on, and closures of content have a `@ContentBuilder` there, which only Xcode can show.
import CoreTransferable
@_exported import Foundation
@_exported import Observation
import UniformTypeIdentifiers

/// What the bodies that were read last have in them, so that a test can do what SwiftUI and a finger do.
@MainActor public enum Drawn {
    public static var buttons: [String: @MainActor () -> Void] = [:]
    /// Runs while the view is shown, and again, the one before being cancelled, whenever its id is another one. Apple:
    /// [task(id:priority:_:)](https://developer.apple.com/documentation/swiftui/view/task(id:priority:_:)).
    public static var task: (id: any Equatable, action: @isolated(any) () async -> Void)?
    /// What pulling the list down does.
    public static var refresh: (@Sendable () async -> Void)?
    /// The texts, with what stands in them, that were looked up in the app's table.
    public nonisolated static var texts: Set<String> {
        get { allTexts.withLock(\.self) }
        set { allTexts.withLock { $0 = newValue } }
    }
    fileprivate nonisolated static let allTexts = Texts()
    /// The texts that are shown as they are.
    public nonisolated static var verbatim: Set<String> {
        get { allVerbatim.withLock(\.self) }
        set { allVerbatim.withLock { $0 = newValue } }
    }
    fileprivate nonisolated static let allVerbatim = Texts()

    /// Reads the body of a view, and so those of all views in it.
    public static func draw<Content: View>(_ view: Content) { if Content.Body.self != Never.self { _ = view.body } }
}

/// Texts belong to no actor.
private final class Texts: @unchecked Sendable {
    private let lock = NSLock()
    private var texts: Set<String> = []
    func withLock<Value>(_ work: (inout Set<String>) -> Value) -> Value { lock.withLock { work(&texts) } }
}

// MARK: Views and what composes them

@MainActor @preconcurrency
public protocol View {
    associatedtype Body: View
    @ViewBuilder var body: Body { get }
}

extension Never: View { public var body: Never { fatalError() } }
extension Optional: View where Wrapped: View { public var body: Never { fatalError() } }

/// A view that is made of no others.
public protocol Leaf: View where Body == Never {}
extension Leaf { public var body: Never { fatalError() } }

public struct EmptyView: Leaf { public nonisolated init() {} }
public struct TupleView<Views>: Leaf {}
public struct ConditionalContent<First: View, Second: View>: Leaf {}
public struct Modified: Leaf {
    fileprivate init() {}
    public init(_ view: some View) { Drawn.draw(view) }
}

@resultBuilder
@MainActor public enum ViewBuilder {
    public static func buildExpression<Content: View>(_ content: Content) -> Content {
        Drawn.draw(content)
        return content
    }
    public static func buildBlock() -> EmptyView { EmptyView() }
    public static func buildBlock<Content: View>(_ content: Content) -> Content { content }
    public static func buildBlock<each Content: View>(
        _ content: repeat each Content
    ) -> TupleView<(repeat each Content)> { TupleView() }
    public static func buildIf<Content: View>(_ content: Content?) -> Content? { content }
    public static func buildEither<First: View, Second: View>(first: First) -> ConditionalContent<First, Second> {
        ConditionalContent()
    }
    public static func buildEither<First: View, Second: View>(second: Second) -> ConditionalContent<First, Second> {
        ConditionalContent()
    }
}

public struct Group<Content: View>: Leaf { public init(@ViewBuilder content: () -> Content) { _ = content() } }
public struct ForEach<Data: RandomAccessCollection, Content: View>: Leaf {}
extension ForEach where Data.Element: Identifiable {
    public init(_ data: Data, @ViewBuilder content: @escaping (Data.Element) -> Content) {
        for element in data { _ = content(element) }
    }
}

// MARK: App

@MainActor @preconcurrency
public protocol Scene {}

@resultBuilder
@MainActor public enum SceneBuilder {
    public static func buildBlock<Content: Scene>(_ content: Content) -> Content { content }
}

@MainActor @preconcurrency
public protocol App {
    associatedtype Body: Scene
    @SceneBuilder var body: Body { get }
    init()
}

extension App { public static func main() {} }

public struct WindowGroup<Content: View>: Scene {
    public nonisolated init(@ViewBuilder content: () -> Content) {}
}

@MainActor @preconcurrency
public protocol PreviewProvider {
    associatedtype Previews: View
    @ViewBuilder static var previews: Previews { get }
}

// MARK: State

@propertyWrapper @dynamicMemberLookup
public struct Binding<Value> {
    public init(
        get: @escaping @isolated(any) @Sendable () -> Value, set: @escaping @isolated(any) @Sendable (Value) -> Void
    ) {}
    fileprivate init(of value: Value.Type) {}
    public static func constant(_ value: Value) -> Binding { Binding(of: Value.self) }
    public var wrappedValue: Value {
        get { fatalError() }
        nonmutating set {}
    }
    public var projectedValue: Binding { self }
    public subscript<Subject>(dynamicMember path: WritableKeyPath<Value, Subject>) -> Binding<Subject> {
        Binding<Subject>(of: Subject.self)
    }
}

@propertyWrapper
public struct State<Value> {
    private final class Storage {
        var value: Value
        init(_ value: Value) { self.value = value }
    }

    private let storage: Storage
    public init(wrappedValue: Value) { storage = Storage(wrappedValue) }
    public init(initialValue: Value) { storage = Storage(initialValue) }
    public var wrappedValue: Value {
        get { storage.value }
        nonmutating set { storage.value = newValue }
    }
    public var projectedValue: Binding<Value> { Binding(of: Value.self) }
}

@propertyWrapper @dynamicMemberLookup
public struct Bindable<Value: AnyObject> {
    public var wrappedValue: Value
    public init(wrappedValue: Value) { self.wrappedValue = wrappedValue }
    public init(_ wrappedValue: Value) { self.wrappedValue = wrappedValue }
    public var projectedValue: Bindable { self }
    public subscript<Subject>(dynamicMember path: ReferenceWritableKeyPath<Value, Subject>) -> Binding<Subject> {
        Binding<Subject>(of: Subject.self)
    }
}

@propertyWrapper
public struct ScaledMetric<Value: BinaryFloatingPoint> {
    public let wrappedValue: Value
    public init(wrappedValue: Value, relativeTo style: Font.TextStyle) { self.wrappedValue = wrappedValue }
    public init(wrappedValue: Value) { self.wrappedValue = wrappedValue }
}

@propertyWrapper
public struct AccessibilityFocusState<Value: Hashable> {
    public struct Binding {}
    public init() where Value == Bool {}
    public var wrappedValue: Value {
        get { fatalError() }
        nonmutating set {}
    }
    public var projectedValue: Binding { Binding() }
}

/// iOS 13. Of no actor. https://developer.apple.com/documentation/swiftui/environmentvalues
public struct EnvironmentValues { public init() {} }

/// iOS 13. Of no actor. https://developer.apple.com/documentation/swiftui/environment
@propertyWrapper
public struct Environment<Value> {
    private let keyPath: KeyPath<EnvironmentValues, Value>
    public init(_ keyPath: KeyPath<EnvironmentValues, Value>) { self.keyPath = keyPath }
    public var wrappedValue: Value { EnvironmentValues()[keyPath: keyPath] }
}

// MARK: Text and pictures

/// A text to look up: by itself, and with the format of what stands in it in its place, as Apple's makes its keys.
/// https://developer.apple.com/documentation/swiftui/localizedstringkey
public struct LocalizedStringKey: ExpressibleByStringInterpolation, Equatable {
    let key: String
    public init(_ value: String) {
        key = value
        Drawn.allTexts.withLock { _ = $0.insert(value) }
    }
    public init(stringLiteral value: String) { self.init(value) }
    public init(stringInterpolation: StringInterpolation) { self.init(stringInterpolation.key) }

    public struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var key = ""
        public init(literalCapacity: Int, interpolationCount: Int) {}
        public mutating func appendLiteral(_ literal: String) {
            key += literal.replacingOccurrences(of: "%", with: "%%")
        }
        public mutating func appendInterpolation(_ text: Text) { key += "%@" }
        public mutating func appendInterpolation(_ string: String) { key += "%@" }
        public mutating func appendInterpolation(_ number: Int) { key += "%lld" }
    }
}

// Values first and views second, so that they belong to no actor.
extension Text: Leaf {}
public struct Text: Equatable, Sendable {
    public init(_ key: LocalizedStringKey) {}
    @_disfavoredOverload public init(_ content: some StringProtocol) {}
    public init(verbatim content: String) { Drawn.allVerbatim.withLock { _ = $0.insert(content) } }
    public init<Style: FormatStyle>(_ input: Style.FormatInput, format: Style)
    where Style.FormatInput: Equatable, Style.FormatOutput == String {}

    /// iOS 13. https://developer.apple.com/documentation/swiftui/text/truncationmode
    public enum TruncationMode: Sendable { case head, tail, middle }
}

public struct Image: Leaf { public nonisolated init(systemName: String) {} }

public struct Font: Sendable {
    public enum TextStyle: Sendable { case largeTitle, title, headline, subheadline, body, callout, footnote, caption }
    public static let largeTitle = Font()
    public static let headline = Font()
    public static let subheadline = Font()
    public static let callout = Font()
    public static let footnote = Font()
    public func bold() -> Font { self }
    /// iOS 15. https://developer.apple.com/documentation/swiftui/font/monospaced()
    public func monospaced() -> Font { self }
}

public enum TextAlignment: Sendable { case leading, center, trailing }

// MARK: Controls

public struct ButtonRole: Equatable, Sendable {
    public static let destructive = ButtonRole()
    public static let cancel = ButtonRole()
}

public struct Button<Label: View>: Leaf {
    public init(action: @escaping @MainActor () -> Void, @ViewBuilder label: () -> Label) { _ = label() }
}

extension Button where Label == Text {
    public init(_ title: LocalizedStringKey, action: @escaping @MainActor () -> Void) {
        Drawn.buttons[title.key] = action
    }
    public init(_ title: LocalizedStringKey, role: ButtonRole?, action: @escaping @MainActor () -> Void) {
        Drawn.buttons[title.key] = action
    }
}

extension Button where Label == SwiftUI.Label<Text, Image> {
    public init(_ title: LocalizedStringKey, systemImage: String, action: @escaping @MainActor () -> Void) {
        Drawn.buttons[title.key] = action
    }
}

public struct Label<Title: View, Icon: View>: Leaf {
    public init(@ViewBuilder title: () -> Title, @ViewBuilder icon: () -> Icon) { _ = (title(), icon()) }
}

extension Label where Title == Text, Icon == Image {
    public init(_ title: LocalizedStringKey, systemImage: String) {}
}

public struct LabeledContent<Label: View, Content: View>: Leaf {}
extension LabeledContent where Label == Text {
    public init(_ title: LocalizedStringKey, @ViewBuilder content: () -> Content) { _ = content() }
    @_disfavoredOverload
    public init(_ title: some StringProtocol, @ViewBuilder content: () -> Content) { _ = content() }
}

public struct ProgressView<Label: View, CurrentValueLabel: View>: Leaf {
    /// iOS 14. https://developer.apple.com/documentation/swiftui/progressview/init(value:total:label:currentvaluelabel:)
    public init<V: BinaryFloatingPoint>(
        value: V?, total: V = 1.0, @ViewBuilder label: () -> Label,
        @ViewBuilder currentValueLabel: () -> CurrentValueLabel
    ) { _ = (label(), currentValueLabel()) }
    fileprivate nonisolated init(showing: Void) {}
}
extension ProgressView where Label == EmptyView, CurrentValueLabel == EmptyView {
    public nonisolated init() { self.init(showing: ()) }
    /// https://developer.apple.com/documentation/swiftui/progressview/init(value:total:), iOS 14: turns while there is none.
    public nonisolated init<V: BinaryFloatingPoint>(value: V?, total: V = 1.0) { self.init(showing: ()) }
}
extension ProgressView where Label == Text, CurrentValueLabel == EmptyView {
    public nonisolated init(_ title: LocalizedStringKey) { self.init(showing: ()) }
}

/// iOS 13. https://developer.apple.com/documentation/swiftui/textfield
public struct TextField<Label: View>: Leaf {}
extension TextField where Label == Text {
    /// iOS 16. https://developer.apple.com/documentation/swiftui/textfield/init(_:text:axis:)
    public init(_ title: LocalizedStringKey, text: Binding<String>, axis: Axis) {}
}

/// iOS 14. https://developer.apple.com/documentation/swiftui/menu
public struct Menu<Label: View, Content: View>: Leaf {}
extension Menu where Label == SwiftUI.Label<Text, Image> {
    /// iOS 14. https://developer.apple.com/documentation/swiftui/menu/init(_:systemimage:content:)
    public init(_ title: LocalizedStringKey, systemImage: String, @ViewBuilder content: () -> Content) { _ = content() }
}

/// iOS 16. https://developer.apple.com/documentation/swiftui/sharelink
public struct ShareLink<Data: RandomAccessCollection, PreviewImage, PreviewIcon, Label: View>: Leaf
where Data.Element: Transferable {}
/// iOS 16. https://developer.apple.com/documentation/swiftui/defaultsharelinklabel
public struct DefaultShareLinkLabel: Leaf {}
extension ShareLink where PreviewImage == Never, PreviewIcon == Never, Label == DefaultShareLinkLabel {
    /// iOS 16. https://developer.apple.com/documentation/swiftui/sharelink/init(item:subject:message:)
    public init(item: URL, subject: Text? = nil, message: Text? = nil) where Data == CollectionOfOne<URL> {}
    /// iOS 16. The same page, "Show all declarations".
    public init(item: String, subject: Text? = nil, message: Text? = nil) where Data == CollectionOfOne<String> {}
}

public struct ContentUnavailableView<Label: View, Description: View, Actions: View>: Leaf {
    public init(
        @ViewBuilder label: () -> Label, @ViewBuilder description: () -> Description = { EmptyView() },
        @ViewBuilder actions: () -> Actions = { EmptyView() }
    ) { _ = (label(), description(), actions()) }
    fileprivate init() {}
}

extension ContentUnavailableView where Label == SwiftUI.Label<Text, Image>, Description == Text?, Actions == EmptyView {
    public init(_ title: LocalizedStringKey, systemImage: String, description: Text? = nil) {}
}

public struct SearchUnavailableContent {
    public struct Label: Leaf {}
    public struct Description: Leaf {}
    public struct Actions: Leaf {}
}

extension ContentUnavailableView
where
    Label == SearchUnavailableContent.Label, Description == SearchUnavailableContent.Description,
    Actions == SearchUnavailableContent.Actions
{
    public static func search(text: String) -> Self { Self() }
}

public protocol PrimitiveButtonStyle {}
public struct BorderedButtonStyle: PrimitiveButtonStyle {}
public struct BorderedProminentButtonStyle: PrimitiveButtonStyle {}
public struct BorderlessButtonStyle: PrimitiveButtonStyle {}
extension PrimitiveButtonStyle where Self == BorderedButtonStyle { public static var bordered: Self { Self() } }
extension PrimitiveButtonStyle where Self == BorderedProminentButtonStyle {
    public static var borderedProminent: Self { Self() }
}
extension PrimitiveButtonStyle where Self == BorderlessButtonStyle { public static var borderless: Self { Self() } }

public protocol LabelStyle {}
public struct IconOnlyLabelStyle: LabelStyle {}
extension LabelStyle where Self == IconOnlyLabelStyle { public static var iconOnly: Self { Self() } }

public enum ControlSize: Sendable { case mini, small, regular, large, extraLarge }

// MARK: Layout

public enum HorizontalAlignment: Sendable { case leading, center, trailing }
public enum VerticalAlignment: Sendable { case top, center, bottom, firstTextBaseline, lastTextBaseline }
public struct Alignment: Sendable {
    public static let center = Alignment()
    public static let leading = Alignment()
    public static let trailing = Alignment()
}
public struct UnitPoint: Sendable {
    public static let center = UnitPoint()
    public static let bottom = UnitPoint()
}
/// iOS 13. https://developer.apple.com/documentation/swiftui/axis
public enum Axis: Sendable {
    case horizontal, vertical
    public struct Set: OptionSet, Sendable {
        public let rawValue: Int
        public init(rawValue: Int) { self.rawValue = rawValue }
        public static let horizontal = Set(rawValue: 1)
        public static let vertical = Set(rawValue: 2)
    }
}
public enum Edge: Sendable {
    case top, leading, bottom, trailing
    public struct Set: OptionSet, Sendable {
        public let rawValue: Int
        public init(rawValue: Int) { self.rawValue = rawValue }
        public static let top = Set(rawValue: 1)
        public static let leading = Set(rawValue: 2)
        public static let bottom = Set(rawValue: 4)
        public static let trailing = Set(rawValue: 8)
        public static let horizontal: Set = [.leading, .trailing]
        public static let vertical: Set = [.top, .bottom]
        public static let all: Set = [.horizontal, .vertical]
    }
}
public enum VerticalEdge: Sendable { case top, bottom }
public struct EdgeInsets: Equatable, Sendable {
    public init() {}
    public init(top: CGFloat, leading: CGFloat, bottom: CGFloat, trailing: CGFloat) {}
}

public struct Spacer: Leaf { public nonisolated init(minLength: CGFloat? = nil) {} }
public struct HStack<Content: View>: Leaf {
    public init(alignment: VerticalAlignment = .center, spacing: CGFloat? = nil, @ViewBuilder content: () -> Content) {
        _ = content()
    }
}
public struct VStack<Content: View>: Leaf {
    public init(alignment: HorizontalAlignment = .center, spacing: CGFloat? = nil, @ViewBuilder content: () -> Content)
    { _ = content() }
}
public struct ViewThatFits<Content: View>: Leaf {
    public init(in axes: Axis.Set = [.horizontal, .vertical], @ViewBuilder content: () -> Content) { _ = content() }
}
public struct ScrollView<Content: View>: Leaf {
    public init(_ axes: Axis.Set = .vertical, showsIndicators: Bool = true, @ViewBuilder content: () -> Content) {
        _ = content()
    }
}
public struct List<Content: View>: Leaf { public init(@ViewBuilder content: () -> Content) { _ = content() } }
extension List {
    public init<Data: RandomAccessCollection, RowContent: View>(
        _ data: Data, @ViewBuilder rowContent: @escaping (Data.Element) -> RowContent
    ) where Content == ForEach<Data, RowContent>, Data.Element: Identifiable { _ = ForEach(data, content: rowContent) }
}
public struct Section<Parent: View, Content: View, Footer: View>: Leaf {
    public init(
        @ViewBuilder content: () -> Content, @ViewBuilder header: () -> Parent = { EmptyView() },
        @ViewBuilder footer: () -> Footer = { EmptyView() }
    ) { _ = (content(), header(), footer()) }
}
extension Section where Parent == Text, Footer == EmptyView {
    public init(_ title: LocalizedStringKey, @ViewBuilder content: () -> Content) { _ = content() }
    @_disfavoredOverload
    public init(_ title: some StringProtocol, @ViewBuilder content: () -> Content) { _ = content() }
}
public struct NavigationStack<Data, Root: View>: Leaf {}
extension NavigationStack where Data == NavigationPath {
    /// iOS 16. https://developer.apple.com/documentation/swiftui/navigationstack/init(root:)
    public init(@ViewBuilder root: () -> Root) { _ = root() }
}
extension NavigationStack where Data: MutableCollection & RandomAccessCollection & RangeReplaceableCollection {
    /// iOS 16. https://developer.apple.com/documentation/swiftui/navigationstack/init(path:root:)-3bt4q
    public init(path: Binding<Data>, @ViewBuilder root: () -> Root) where Data.Element: Hashable { _ = root() }
}
/// iOS 16. https://developer.apple.com/documentation/swiftui/navigationpath
public struct NavigationPath {}
/// iOS 16 as a container of its own. https://developer.apple.com/documentation/swiftui/form
public struct Form<Content: View>: Leaf { public init(@ViewBuilder content: () -> Content) { _ = content() } }

@MainActor @preconcurrency
public protocol ToolbarContent {}

@resultBuilder
@MainActor public enum ToolbarContentBuilder {
    public static func buildBlock<Content: ToolbarContent>(_ content: Content) -> Content { content }
    public static func buildBlock<each Content: ToolbarContent>(_ content: repeat each Content) -> some ToolbarContent {
        ToolbarItem(placement: .primaryAction) { EmptyView() }
    }
}

public struct ToolbarItemPlacement: Sendable {
    public static let topBarLeading = ToolbarItemPlacement()
    public static let topBarTrailing = ToolbarItemPlacement()
    public static let primaryAction = ToolbarItemPlacement()
    public static let cancellationAction = ToolbarItemPlacement()
    public static let confirmationAction = ToolbarItemPlacement()
}

public struct ToolbarItem<Content: View>: ToolbarContent {
    public init(placement: ToolbarItemPlacement, @ViewBuilder content: () -> Content) { _ = content() }
}

public enum Visibility: Sendable { case automatic, visible, hidden }
public struct ScrollBounceBehavior: Sendable { public static let basedOnSize = ScrollBounceBehavior() }
public struct NavigationBarItem: Sendable { public enum TitleDisplayMode: Sendable { case automatic, inline, large } }

// MARK: Shapes and colours

public protocol ShapeStyle: Sendable {}
extension Color: Leaf {}
// swift-format-ignore: DontRepeatTypeInStaticProperties
public struct Color: ShapeStyle, Hashable {
    public init(_ name: String, bundle: Bundle? = nil) {}
    private init() {}
    public static let clear = Color()
    public static let accentColor = Color()
    public static let red = Color()
    public func opacity(_ opacity: Double) -> Color { self }
}
public struct HierarchicalShapeStyle: ShapeStyle {}
public struct TintShapeStyle: ShapeStyle {}
public struct Material: ShapeStyle {}
extension ShapeStyle where Self == HierarchicalShapeStyle {
    public static var primary: Self { Self() }
    public static var secondary: Self { Self() }
}
extension ShapeStyle where Self == TintShapeStyle { public static var tint: Self { Self() } }
extension ShapeStyle where Self == Material { public static var regularMaterial: Self { Self() } }

public protocol Shape: Sendable, View { nonisolated func path(in rect: CGRect) -> Path }
extension Shape { public var body: Modified { Modified() } }
public protocol InsettableShape: Shape {}
public struct Circle: InsettableShape {
    public nonisolated init() {}
    public nonisolated func path(in rect: CGRect) -> Path { Path() }
}
public struct RoundedRectangle: InsettableShape {
    public nonisolated init(cornerRadius: CGFloat) {}
    public nonisolated func path(in rect: CGRect) -> Path { Path() }
}

public enum CGLineCap: Sendable { case butt, round, square }
public enum CGLineJoin: Sendable { case miter, round, bevel }
public struct StrokeStyle: Equatable, Sendable {
    public init(lineWidth: CGFloat = 1, lineCap: CGLineCap = .butt, lineJoin: CGLineJoin = .miter) {}
}
public struct Path: Equatable, Sendable {
    public init() {}
    public mutating func move(to end: CGPoint) {}
    public mutating func addLine(to end: CGPoint) {}
    public mutating func addQuadCurve(to end: CGPoint, control: CGPoint) {}
    public func strokedPath(_ style: StrokeStyle) -> Path { self }
}

// MARK: Modifiers

public struct AccessibilityTraits: Sendable { public static let isHeader = AccessibilityTraits() }
public struct AccessibilityChildBehavior: Sendable {
    public static let ignore = AccessibilityChildBehavior()
    public static let contain = AccessibilityChildBehavior()
    public static let combine = AccessibilityChildBehavior()
}

/// iOS 15. https://developer.apple.com/documentation/swiftui/textinputautocapitalization
public struct TextInputAutocapitalization: Sendable {
    /// iOS 15. https://developer.apple.com/documentation/swiftui/textinputautocapitalization/never
    public static var never: TextInputAutocapitalization { TextInputAutocapitalization() }
}

/// iOS 15. https://developer.apple.com/documentation/swiftui/textselectability
public protocol TextSelectability { static var allowsSelection: Bool { get } }
/// iOS 15. https://developer.apple.com/documentation/swiftui/enabledtextselectability
public struct EnabledTextSelectability: TextSelectability { public static let allowsSelection = true }
extension TextSelectability where Self == EnabledTextSelectability { public static var enabled: Self { Self() } }

/// iOS 15. https://developer.apple.com/documentation/swiftui/horizontaledge
public enum HorizontalEdge: Sendable { case leading, trailing }

extension View {
    /// iOS 13. https://developer.apple.com/documentation/swiftui/view/autocorrectiondisabled(_:)
    public func autocorrectionDisabled(_ disable: Bool = true) -> some View { Modified(self) }
    /// iOS 14. https://developer.apple.com/documentation/swiftui/view/fileimporter(ispresented:allowedcontenttypes:oncompletion:)
    public func fileImporter(
        isPresented: Binding<Bool>, allowedContentTypes: [UTType],
        onCompletion: @escaping (Result<URL, any Error>) -> Void
    ) -> some View { Modified(self) }
    /// iOS 15. https://developer.apple.com/documentation/swiftui/view/interactivedismissdisabled(_:)
    public func interactiveDismissDisabled(_ isDisabled: Bool = true) -> some View { Modified(self) }
    /// iOS 13. https://developer.apple.com/documentation/swiftui/view/linelimit(_:)-513mb
    public func lineLimit(_ number: Int?) -> some View { Modified(self) }
    /// iOS 13. https://developer.apple.com/documentation/swiftui/view/truncationmode(_:)
    public func truncationMode(_ mode: Text.TruncationMode) -> some View { Modified(self) }
    /// iOS 16. https://developer.apple.com/documentation/swiftui/view/navigationdestination(for:destination:)
    public func navigationDestination<D: Hashable, C: View>(
        for data: D.Type, @ViewBuilder destination: @escaping (D) -> C
    ) -> some View {
        if let value = Drawn.pushed as? D { Drawn.draw(destination(value)) }
        return Modified(self)
    }
    /// iOS 17. https://developer.apple.com/documentation/swiftui/view/onchange(of:initial:_:)-4psgg
    public func onChange<V: Equatable>(
        of value: V, initial: Bool = false, _ action: @escaping (_ oldValue: V, _ newValue: V) -> Void
    ) -> some View { Modified(self) }
    /// iOS 13. https://developer.apple.com/documentation/swiftui/view/sheet(item:ondismiss:content:)
    public func sheet<Item: Identifiable>(
        item: Binding<Item?>, onDismiss: (() -> Void)? = nil, @ViewBuilder content: @escaping (Item) -> some View
    ) -> some View {
        if let item = Drawn.sheet as? Item { Drawn.draw(content(item)) }
        return Modified(self)
    }
    /// iOS 15. https://developer.apple.com/documentation/swiftui/view/swipeactions(edge:allowsfullswipe:content:)
    public func swipeActions(
        edge: HorizontalEdge = .trailing, allowsFullSwipe: Bool = true, @ViewBuilder content: () -> some View
    ) -> some View {
        _ = content()
        return Modified(self)
    }
    /// iOS 15. https://developer.apple.com/documentation/swiftui/view/textinputautocapitalization(_:)
    public func textInputAutocapitalization(_ autocapitalization: TextInputAutocapitalization?) -> some View {
        Modified(self)
    }
    /// iOS 15. https://developer.apple.com/documentation/swiftui/view/textselection(_:)
    public func textSelection(_ selectability: some TextSelectability) -> some View { Modified(self) }
}

extension String {
    /// iOS 15. Of Foundation, whose edition for Linux has none: looked up as a text of a view, so that tests see it.
    /// https://developer.apple.com/documentation/swift/string/init(localized:table:bundle:locale:comment:)
    public init(localized key: LocalizedStringKey) { self = key.key }
}

extension Drawn {
    /// What a stack has above its first view, and what a sheet is of: bindings are read by nobody here.
    public static var pushed: Any?
    public static var sheet: Any?
}

extension View {
    public func accessibilityAddTraits(_ traits: AccessibilityTraits) -> some View { Modified(self) }
    public func accessibilityElement(children: AccessibilityChildBehavior = .ignore) -> some View { Modified(self) }
    public func accessibilityFocused(_ condition: AccessibilityFocusState<Bool>.Binding) -> some View { Modified(self) }
    public func accessibilityHidden(_ hidden: Bool) -> some View { Modified(self) }
    public func accessibilityIdentifier(_ identifier: String) -> some View { Modified(self) }
    public func accessibilityLabel(_ label: Text) -> some View { Modified(self) }
    public func background(_ style: some ShapeStyle, in shape: some InsettableShape) -> some View { Modified(self) }
    public func buttonStyle(_ style: some PrimitiveButtonStyle) -> some View { Modified(self) }
    public func confirmationDialog(
        _ title: LocalizedStringKey, isPresented: Binding<Bool>, titleVisibility: Visibility = .automatic,
        @ViewBuilder actions: () -> some View, @ViewBuilder message: () -> some View
    ) -> some View {
        _ = (actions(), message())
        return Modified(self)
    }
    public func controlSize(_ size: ControlSize) -> some View { Modified(self) }
    public func defaultScrollAnchor(_ anchor: UnitPoint?) -> some View { Modified(self) }
    public func disabled(_ disabled: Bool) -> some View { Modified(self) }
    public func font(_ font: Font?) -> some View { Modified(self) }
    public func foregroundStyle(_ style: some ShapeStyle) -> some View { Modified(self) }
    public func frame(width: CGFloat? = nil, height: CGFloat? = nil, alignment: Alignment = .center) -> some View {
        Modified(self)
    }
    public func frame(
        minWidth: CGFloat? = nil, maxWidth: CGFloat? = nil, minHeight: CGFloat? = nil, maxHeight: CGFloat? = nil,
        alignment: Alignment = .center
    ) -> some View { Modified(self) }
    public func id(_ id: some Hashable) -> some View { Modified(self) }
    public func labelStyle(_ style: some LabelStyle) -> some View { Modified(self) }
    public func listRowBackground(_ view: (some View)?) -> some View { Modified(self) }
    public func listRowInsets(_ insets: EdgeInsets?) -> some View { Modified(self) }
    public func multilineTextAlignment(_ alignment: TextAlignment) -> some View { Modified(self) }
    public func navigationBarTitleDisplayMode(_ mode: NavigationBarItem.TitleDisplayMode) -> some View {
        Modified(self)
    }
    public func navigationTitle(_ title: LocalizedStringKey) -> some View { Modified(self) }
    @_disfavoredOverload public func navigationTitle(_ title: some StringProtocol) -> some View { Modified(self) }
    public func onOpenURL(perform action: @escaping (URL) -> Void) -> some View { Modified(self) }
    public func padding(_ length: CGFloat) -> some View { Modified(self) }
    public func padding(_ edges: Edge.Set = .all, _ length: CGFloat? = nil) -> some View { Modified(self) }
    public func previewDisplayName(_ name: String?) -> some View { Modified(self) }
    /// https://developer.apple.com/documentation/swiftui/view/refreshable(action:)
    public func refreshable(action: @escaping @Sendable () async -> Void) -> some View {
        Drawn.refresh = action
        return Modified(self)
    }
    public func safeAreaInset(
        edge: VerticalEdge, alignment: HorizontalAlignment = .center, spacing: CGFloat? = nil,
        @ViewBuilder content: () -> some View
    ) -> some View {
        _ = content()
        return Modified(self)
    }
    public func scrollBounceBehavior(_ behavior: ScrollBounceBehavior, axes: Axis.Set = [.vertical]) -> some View {
        Modified(self)
    }
    public func searchable(text: Binding<String>, prompt: LocalizedStringKey) -> some View { Modified(self) }
    #if compiler(>=6.2)
    /// iOS 15, compiled into apps. https://developer.apple.com/documentation/swiftui/view/task(name:priority:file:line:_:)
    public func task(
        name: String? = nil, priority: TaskPriority = .userInitiated, file: String = #fileID, line: Int = #line,
        @_inheritActorContext _ action: sending @escaping @isolated(any) () async -> Void
    ) -> some View {
        Drawn.task = (0, action)
        return Modified(self)
    }
    /// iOS 15, compiled into apps. https://developer.apple.com/documentation/swiftui/view/task(id:name:priority:file:line:_:)
    public func task<Value: Equatable>(
        id value: Value, name: String? = nil, priority: TaskPriority = .userInitiated, file: String = #fileID,
        line: Int = #line, @_inheritActorContext _ action: sending @escaping @isolated(any) () async -> Void
    ) -> some View {
        Drawn.task = (value, action)
        return Modified(self)
    }
    #else
    /// iOS 15. https://developer.apple.com/documentation/swiftui/view/task(priority:_:)
    @preconcurrency
    public func task(
        priority: TaskPriority = .userInitiated, @_inheritActorContext _ action: @escaping @Sendable () async -> Void
    ) -> some View {
        Drawn.task = (0, action)
        return Modified(self)
    }
    /// iOS 15. https://developer.apple.com/documentation/swiftui/view/task(id:priority:_:)
    @preconcurrency
    public func task<Value: Equatable>(
        id value: Value, priority: TaskPriority = .userInitiated,
        @_inheritActorContext _ action: @escaping @Sendable () async -> Void
    ) -> some View {
        Drawn.task = (value, action)
        return Modified(self)
    }
    #endif
    public func textCase(_ textCase: Text.Case?) -> some View { Modified(self) }
    public func tint(_ tint: Color?) -> some View { Modified(self) }
    public func toolbar(@ToolbarContentBuilder content: () -> some ToolbarContent) -> some View {
        _ = content()
        return Modified(self)
    }
}

extension Text { public enum Case: Sendable { case uppercase, lowercase } }
