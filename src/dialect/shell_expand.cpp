#include "dialect/shell_expand.hpp"

#include <algorithm>
#include <utility>

namespace portcullis::shell {
namespace {

// Of one value and of one argument; firewall scripts stay far below.
constexpr std::size_t longest_value = std::size_t{1} << 16U;
constexpr int deepest = 32; // ${a:-${b:-…}}

bool is_pattern_character(char c) { return c == '*' || c == '?' || c == '[' || c == ']' || c == '\\'; }

// Unquoted, it stands for what only the file system or bash knows: file names, and "{22,80}".
bool is_open(std::string_view text) {
    if (text.find_first_of("*?") != std::string_view::npos) return true;
    std::size_t const brace = text.find('{');
    if (brace == std::string_view::npos) return false;
    std::string_view const inside = text.substr(brace, text.find('}', brace) - brace);
    return inside.find(',') != std::string_view::npos || inside.find("..") != std::string_view::npos;
}

std::string joined(std::vector<std::string> const& values) {
    std::string text;
    for (std::string const& value : values) text += (text.empty() ? "" : " ") + value;
    return text;
}

bool is_all(Part const& part) {
    return part.text == "@" || part.text == "*" || part.index == "@" || part.index == "*";
}

// A pattern of the shell: `*`, `?`, `[…]`, and `\` before characters that mean themselves.
class Pattern {
  public:
    // What it does is taken from the steps that are left. Throws TooMuch.
    Pattern(std::string_view text, std::size_t& steps_left) : steps_left_(steps_left) {
        spend(1 + text.size());
        bool may_close = true; // a ']' is still to come
        for (std::size_t p = 0; p < text.size();) {
            bool const escaped = text[p] == '\\' && p + 1 < text.size();
            std::size_t close = std::string_view::npos;
            if (text[p] == '[' && may_close) {
                close = text.find(']', p + 2);
                may_close = close != std::string_view::npos;
            }
            if (text[p] == '*') {
                // Two are as good as one.
                if (elements_.empty() || elements_.back().kind != Kind::any_text) elements_.push_back({Kind::any_text, {}});
                ++p;
            } else if (close != std::string_view::npos) {
                elements_.push_back({Kind::one_of, text.substr(p + 1, close - p - 1)});
                p = close + 1;
            } else if (text[p] == '?') {
                elements_.push_back({Kind::any_character, {}});
                ++p;
            } else {
                p += escaped ? 1 : 0;
                elements_.push_back({Kind::character, text.substr(p++, 1)});
            }
        }
    }

    // The length of the longest or shortest piece at the front or end of the text that matches. All places of the pattern where
    // one may be are followed at once, so that it is read once, however many pieces there are.
    std::optional<std::size_t> matched(std::string_view text, bool front, bool longest) const {
        std::optional<std::size_t> found;
        std::vector<std::size_t> places; // rising
        std::vector<std::size_t> next;
        enter(0, front, places);
        for (std::size_t length = 0;; ++length) {
            if (!places.empty() && places.back() == elements_.size()) found = length;
            if ((found && !longest) || length == text.size() || places.empty()) return found;
            char const c = front ? text[length] : text[text.size() - 1 - length];
            next.clear();
            for (std::size_t const place : places) {
                if (place == elements_.size()) continue;
                Element const& element = at(place, front);
                spend(1 + element.text.size());
                if (element.kind == Kind::any_text) enter(place, front, next);
                else if (is(element, c)) enter(place + 1, front, next);
            }
            places.swap(next);
        }
    }

  private:
    enum class Kind : std::uint8_t { any_text, any_character, one_of, character };
    struct Element {
        Kind kind;
        std::string_view text; // the character, or what stands between the brackets
    };

    void spend(std::size_t steps) const {
        if (steps_left_ < steps) throw TooMuch({}, "comparing values with patterns takes more than 50000000 steps");
        steps_left_ -= steps;
    }

    Element const& at(std::size_t place, bool front) const {
        return elements_[front ? place : elements_.size() - 1 - place];
    }

    // Whoever is before "*" is behind it as well.
    void enter(std::size_t place, bool front, std::vector<std::size_t>& places) const {
        auto const add = [&](std::size_t p) {
            if (places.empty() || places.back() < p) places.push_back(p);
        };
        add(place);
        if (place < elements_.size() && at(place, front).kind == Kind::any_text) add(place + 1);
    }

    static bool is(Element const& element, char c) {
        if (element.kind == Kind::any_character) return true;
        if (element.kind == Kind::character) return element.text.front() == c;
        std::string_view members = element.text;
        bool const negated = members.front() == '!' || members.front() == '^';
        if (negated) members.remove_prefix(1);
        bool member = false;
        for (std::size_t i = 0; i < members.size(); ++i) {
            bool const range = i + 2 < members.size() && members[i + 1] == '-';
            member = member || (range ? members[i] <= c && c <= members[i + 2] : members[i] == c);
            if (range) i += 2;
        }
        return member != negated;
    }

    std::size_t& steps_left_;
    std::vector<Element> elements_;
};

} // namespace

Value const* Variables::find(std::string const& name) const {
    auto const found = values_.find(name);
    return found == values_.end() ? nullptr : &found->second;
}

void Variables::blur(Variables const& other) {
    for (auto const& [name, value] : other.values_) {
        Value const* const mine = find(name);
        if (mine == nullptr || *mine != value) values_[name] = std::nullopt;
    }
    for (auto& [name, value] : values_)
        if (!other.values_.contains(name)) value = std::nullopt;
}

// The fields that one word becomes, the last one still open.
struct Expander::Expansion {
    std::vector<Field> done;
    std::string text;
    bool any = false; // the open field exists, be it empty
    bool known = true;
    bool expanded = false;
    bool open = false;

    void add(std::string_view piece) {
        text += piece;
        any = true;
        if (text.size() > longest_value) throw TooMuch({}, "a word longer than 65536 characters");
    }
    void end_field() {
        if (any || !known) done.push_back({std::exchange(text, {}), {}, false, known});
        any = false;
        known = true;
    }
    void add_split(std::string_view value) {
        constexpr std::string_view blanks = " \t\n";
        while (!value.empty()) {
            std::size_t const begin = value.find_first_not_of(blanks);
            if (begin != 0) end_field();
            if (begin == std::string_view::npos) return;
            std::size_t const end = std::min(value.find_first_of(blanks, begin), value.size());
            add(value.substr(begin, end - begin));
            value.remove_prefix(end);
        }
    }
};

void Expander::expand(std::vector<Part> const& parts, bool splits, Expansion& out) {
    if (++depth_ > deepest) throw TooMuch({}, "expansions within each other more than 32 deep");
    for (Part const& part : parts) {
        if (part.kind == Part::Kind::literal) {
            out.add(part.text);
            out.open = out.open || (!part.quoted && splits && is_open(part.text));
            continue;
        }
        out.expanded = true;
        Value const value = value_of(part);
        if (!value) {
            out.known = false;
            out.any = true;
        } else if (part.quoted && is_all(part) && splits) {
            // "$@" is a field each.
            for (std::size_t i = 0; i < value->size(); ++i) {
                if (i > 0) out.end_field();
                out.add((*value)[i]);
            }
        } else if (part.quoted || !splits) {
            out.add(joined(*value));
        } else {
            out.add_split(joined(*value));
        }
    }
    --depth_;
}

// ${name:-argument} and its kin, where they are simple.
Value Expander::operate(Part const& part, Value value) {
    std::string const& name = part.operation;
    bool const set = !value || !value->empty();
    bool const filled = !value || (set && !joined(*value).empty());
    auto const argument = [&]() -> Value {
        Field const field = single(part.argument, {});
        return field.known ? Value({field.text}) : std::nullopt;
    };
    if (name.empty()) return value;
    if (name == ":-" || name == ":=" || name == ":?") return filled ? value : argument();
    if (name == "-" || name == "=" || name == "?") return set ? value : argument();
    if (name == ":+") return !value ? value : filled ? argument() : Value(std::vector<std::string>{});
    if (!value) return std::nullopt;
    // ${0##*/} is the name of the script, and ${path%/*} its folder.
    std::string const text = joined(*value);
    Word word;
    word.parts = part.argument;
    auto const wanted = pattern(word);
    if (!wanted) return std::nullopt;
    auto const trimmed = [&](bool front, bool longest) -> Value {
        auto const length = Pattern(*wanted, steps_left_).matched(text, front, longest);
        if (!length) return Value({text});
        return Value({front ? text.substr(*length) : text.substr(0, text.size() - *length)});
    };
    if (name == "#" || name == "##") return trimmed(true, name == "##");
    if (name == "%" || name == "%%") return trimmed(false, name == "%%");
    return std::nullopt;
}

Value Expander::value_of(Part const& part) {
    if (part.kind == Part::Kind::command) {
        auto const output = substitute_(part.body.front());
        return output ? Value({*output}) : std::nullopt;
    }
    if (part.kind != Part::Kind::parameter) return std::nullopt;
    auto const positional = [&](std::size_t from) {
        Value all = std::vector<std::string>{};
        for (std::size_t i = from; i < variables_.positional.size() && all; ++i) {
            if (variables_.positional[i].known)
                all->push_back(variables_.positional[i].text);
            else
                all = std::nullopt;
        }
        return all;
    };
    Value value = std::vector<std::string>{};
    bool const number = part.text.front() >= '0' && part.text.front() <= '9';
    if (part.text == "#") return Value({std::to_string(variables_.positional.size())});
    if (part.text == "@" || part.text == "*") {
        value = positional(0);
    } else if (part.text == "0") {
        value = std::nullopt;
    } else if (number) {
        auto const n = part.text.size() > 4 ? std::size_t{9999} : static_cast<std::size_t>(std::stoul(part.text));
        if (n <= variables_.positional.size()) {
            Field const& field = variables_.positional[n - 1];
            value = field.known ? Value({field.text}) : std::nullopt;
        }
    } else if (part.text == "?" || part.text == "$" || part.text == "!" || part.text == "-") {
        return std::nullopt;
    } else if (Value const* const found = variables_.find(part.text)) {
        value = *found;
        bool const element = !part.index.empty() && !is_all(part);
        if (value && element) {
            if (part.index.find_first_not_of("0123456789") != std::string::npos || part.index.size() > 6)
                return std::nullopt;
            std::size_t const at = std::stoul(part.index);
            value = at < value->size() ? Value({(*value)[at]}) : Value(std::vector<std::string>{});
        } else if (value && part.index.empty() && value->size() > 1) {
            value->resize(1); // an array by its name alone is its first element
        }
    } else if (part.operation.empty()) {
        return std::nullopt; // the environment may have it
    }
    if (part.length) {
        if (!value) return std::nullopt;
        return Value({std::to_string(is_all(part) ? value->size() : joined(*value).size())});
    }
    return operate(part, std::move(value));
}

std::vector<Field> Expander::fields(Word const& word) {
    Expansion expansion;
    std::string_view const written = sources_.text(word.span);
    try {
        expand(word.parts, true, expansion);
    } catch (TooMuch& e) {
        throw TooMuch(word.span, e.what());
    }
    expansion.end_field();
    for (Field& field : expansion.done) {
        field.span = word.span;
        field.known = field.known && !expansion.open;
        field.verbatim = field.known && !expansion.expanded && field.text == written;
        if (!field.known) field.text = written;
    }
    return std::move(expansion.done);
}

std::vector<Field> Expander::fields(std::vector<Word> const& words) {
    std::vector<Field> all;
    for (Word const& word : words) {
        std::vector<Field> some = fields(word);
        std::move(some.begin(), some.end(), std::back_inserter(all));
        if (all.size() > 4096) throw TooMuch(word.span, "more than 4096 arguments");
    }
    return all;
}

Field Expander::single(std::vector<Part> const& parts, Span span) {
    Expansion expansion;
    expand(parts, false, expansion);
    return {std::move(expansion.text), span, false, expansion.known};
}

Field Expander::single(Word const& word) {
    try {
        Field field = single(word.parts, word.span);
        if (!field.known) field.text = sources_.text(word.span);
        return field;
    } catch (TooMuch& e) {
        throw TooMuch(word.span, e.what());
    }
}

std::optional<std::string> Expander::pattern(Word const& word) {
    std::string text;
    for (Part const& part : word.parts) {
        if (part.kind == Part::Kind::literal && !part.quoted) {
            text += part.text;
            continue;
        }
        Field const field = single({part}, word.span);
        if (!field.known) return std::nullopt;
        for (char const c : field.text) {
            if (part.quoted && is_pattern_character(c)) text += '\\';
            text += c;
        }
    }
    return text;
}

bool Expander::matches(std::string_view pattern, std::string_view text, Span span) {
    try {
        // The longest piece that matches is all of it, if that matches.
        return Pattern(pattern, steps_left_).matched(text, true, true) == text.size();
    } catch (TooMuch& e) {
        throw TooMuch(span, e.what());
    }
}

} // namespace portcullis::shell
