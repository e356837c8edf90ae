// The values come from nlohmann's event parser, which knows no places: they are the number of bytes that it has
// taken from the text when it tells of a value.
#include "dialect/nft_json_tree.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "portcullis/base/visible.hpp"

namespace portcullis::nft_json {

namespace {

constexpr std::size_t nesting_limit = 64;
constexpr std::size_t value_limit = 10'000'000;

// An iterator over the text that keeps count of what was taken, for all of its copies.
class CountingIterator {
  public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = char const*;
    using reference = char const&;

    CountingIterator(char const* at, char const** furthest) : at_(at), furthest_(furthest) {}
    reference operator*() const { return *at_; }
    CountingIterator& operator++() {
        *furthest_ = ++at_;
        return *this;
    }
    CountingIterator operator++(int) {
        CountingIterator const before = *this;
        ++*this;
        return before;
    }
    bool operator==(CountingIterator const& other) const { return at_ == other.at_; }

  private:
    char const* at_;
    char const** furthest_;
};

// "[json.exception.parse_error.101] parse error at line 1, column 5: syntax error …" without what the span says.
std::string message_of(std::string_view what) {
    constexpr std::string_view place = "parse error at line ";
    if (std::size_t const end = what.find("] "); end != std::string_view::npos) what.remove_prefix(end + 2);
    if (what.starts_with(place)) what.remove_prefix(std::min(what.find(": ") + 2, what.size()));
    return "not JSON: " + shortened(what, 200);
}

} // namespace

class Builder : public nlohmann::json_sax<nlohmann::json> {
  public:
    Builder(std::string_view text, SourceId source, Findings& findings) : findings_(findings) {
        tree_.text_ = text;
        tree_.source_ = source;
    }

    std::optional<Tree> run() {
        char const* const last = tree_.text_.data() + tree_.text_.size();
        taken_ = tree_.text_.data();
        bool const whole =
            nlohmann::json::sax_parse(CountingIterator(taken_, &taken_), CountingIterator(last, &taken_), this);
        return whole ? std::optional(std::move(tree_)) : std::nullopt;
    }

    bool null() override { return leaf(Kind::null); }
    bool boolean(bool) override { return leaf(Kind::boolean); }
    bool number_integer(number_integer_t) override { return number(); }
    bool number_unsigned(number_unsigned_t) override { return number(); }
    bool number_float(number_float_t, string_t const&) override { return number(); }
    bool binary(binary_t&) override { return false; } // not in JSON
    bool string(string_t& text) override { return leaf(Kind::string) && keep(text); }
    bool key(string_t& text) override { return leaf(Kind::key) && keep(text); }
    bool start_object(std::size_t) override { return open(Kind::object); }
    bool start_array(std::size_t) override { return open(Kind::array); }
    bool end_object() override {
        close();
        return keys_differ();
    }
    bool end_array() override {
        close();
        return true;
    }
    bool parse_error(std::size_t position, std::string const&, nlohmann::detail::exception const& error) override {
        auto const size = static_cast<std::uint32_t>(tree_.text_.size());
        auto const end = std::min(static_cast<std::uint32_t>(position), size);
        return fail({tree_.source_, end == 0 ? 0 : end - 1, end}, message_of(error.what()));
    }

  private:
    bool fail(Span span, std::string message) {
        findings_.add("PC001", span).arg("error", std::move(message));
        return false;
    }

    std::uint32_t taken() const { return static_cast<std::uint32_t>(taken_ - tree_.text_.data()); }

    bool leaf(Kind kind) { return add(kind, first_byte(), taken()); }
    // A number ends where the parser has seen that it does, one byte further, or where the text ends.
    bool number() {
        std::uint32_t const begin = first_byte();
        std::size_t const end =
            std::min(tree_.text_.find_first_not_of("0123456789+-.eE", begin), tree_.text_.size());
        return add(Kind::number, begin, static_cast<std::uint32_t>(end));
    }
    bool open(Kind kind) {
        if (open_.size() == nesting_limit)
            return fail({tree_.source_, taken() - 1, taken()},
                        fmt::format("nested more than {} deep", nesting_limit));
        std::uint32_t const index = static_cast<std::uint32_t>(tree_.nodes_.size());
        if (!add(kind, taken() - 1, taken())) return false;
        open_.push_back(index);
        return true;
    }
    void close() {
        closed_ = open_.back();
        open_.pop_back();
        Tree::Node& node = tree_.nodes_[closed_];
        node.end = previous_ = taken();
        node.after = static_cast<std::uint32_t>(tree_.nodes_.size());
    }

    bool add(Kind kind, std::uint32_t begin, std::uint32_t end) {
        if (tree_.nodes_.size() == value_limit)
            return fail({tree_.source_, begin, end}, fmt::format("more than {} values", value_limit));
        previous_ = end;
        tree_.nodes_.push_back({begin, end, static_cast<std::uint32_t>(tree_.nodes_.size() + 1), kind});
        return true;
    }
    // A string without escapes is as long in the source.
    bool keep(std::string& text) {
        Tree::Node const& node = tree_.nodes_.back();
        if (text.size() != node.end - node.begin - 2)
            tree_.decoded_.emplace(static_cast<std::uint32_t>(tree_.nodes_.size() - 1), std::move(text));
        return true;
    }

    // Where the value starts that the parser has just read: only blanks, commas, colons or a byte order mark are
    // between it and what was before.
    std::uint32_t first_byte() const {
        return static_cast<std::uint32_t>(
            std::min(tree_.text_.find_first_not_of(" \t\r\n,:\xef\xbb\xbf", previous_), tree_.text_.size()));
    }

    bool keys_differ() {
        std::vector<Value> keys;
        Value(tree_, closed_).each_member([&](Value key, Value) { keys.push_back(key); });
        std::sort(keys.begin(), keys.end(), [](Value a, Value b) {
            return a.text() != b.text() ? a.text() < b.text() : a.index() < b.index();
        });
        auto const same =
            std::adjacent_find(keys.begin(), keys.end(), [](Value a, Value b) { return a.text() == b.text(); });
        if (same == keys.end()) return true;
        Value const second = *std::next(same);
        return fail(second.span(), fmt::format("the key \"{}\" is there twice", second.text()));
    }

    Findings& findings_;
    Tree tree_;
    char const* taken_ = nullptr;
    std::uint32_t previous_ = 0; // the end of the value before
    std::vector<std::uint32_t> open_;
    std::uint32_t closed_ = 0;
};

std::optional<Tree> parse(std::string_view text, SourceId source, Findings& findings) {
    return Builder(text, source, findings).run();
}

std::string_view describe(Kind kind) {
    switch (kind) {
    case Kind::null: return "null";
    case Kind::boolean: return "a boolean";
    case Kind::number: return "a number";
    case Kind::string: return "a string";
    case Kind::array: return "an array";
    case Kind::object: return "an object";
    case Kind::key: return "a key";
    }
    return "";
}

Span Value::span() const {
    Tree::Node const& node = tree_->nodes_[index_];
    return {tree_->source_, node.begin, node.end};
}

std::string_view Value::text() const {
    Tree::Node const& node = tree_->nodes_[index_];
    bool const quoted = node.kind == Kind::string || node.kind == Kind::key;
    if (!quoted) return tree_->text_.substr(node.begin, node.end - node.begin);
    auto const decoded = tree_->decoded_.find(index_);
    if (decoded != tree_->decoded_.end()) return decoded->second;
    return tree_->text_.substr(node.begin + 1, node.end - node.begin - 2);
}

// An escape stands for one byte, or, as \uXXXX, for one to three; a pair of those for four.
std::uint32_t Value::offset_of(std::size_t at) const {
    std::string_view const decoded = text();
    std::uint32_t from = span().begin + 1;
    for (std::size_t i = 0; i < std::min(at, decoded.size());) {
        if (tree_->text_[from] != '\\') {
            ++from;
            ++i;
        } else if (tree_->text_[from + 1] != 'u') {
            from += 2;
            ++i;
        } else {
            auto const lead = static_cast<unsigned char>(decoded[i]);
            i += lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
            from += lead < 0xf0 ? 6 : 12;
        }
    }
    return from;
}

std::optional<Value> Value::find(std::string_view key) const {
    std::optional<Value> found;
    if (kind() != Kind::object) return found;
    each_member([&](Value name, Value value) {
        if (name.text() == key) found = value;
    });
    return found;
}

std::string Tree::path(Value value) const {
    std::string text;
    auto const has = [&](Value part) { return part.index() <= value.index() && value.index() < part.after(); };
    for (Value at = root(); at.index() != value.index();) {
        std::optional<Value> next;
        if (at.kind() == Kind::array) {
            std::size_t position = 0;
            at.each_item([&](Value item) {
                if (has(item)) {
                    next = item;
                    text += fmt::format("[{}]", position);
                }
                ++position;
            });
        } else {
            at.each_member([&](Value key, Value member) {
                if (!has(key) && !has(member)) return;
                next = has(key) ? key : member;
                std::string const name = shortened(key.text(), 40);
                bool const spaced = name.find_first_of(" .[]\"") != std::string::npos;
                text += spaced ? "[\"" + name + "\"]" : (text.empty() ? "" : ".") + name;
            });
        }
        if (!next) break;
        at = *next;
    }
    return text.empty() ? "the text" : text;
}

} // namespace portcullis::nft_json
