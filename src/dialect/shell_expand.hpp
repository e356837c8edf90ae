// The words of a script as the shell expands them, as far as the script itself says what they are. What it does not
// say (the output of programs, the environment) is a field that is not known, and keeps its text.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "grammars/shell/ast.hpp"
#include "portcullis/base/source.hpp"

namespace portcullis::shell {

// A script that would take too much: its text says what.
struct TooMuch : std::runtime_error {
    TooMuch(Span where, std::string const& what) : std::runtime_error(what), span(where) {}
    Span span;
};

// One argument, after expansion.
struct Field {
    std::string text; // of one that is not known: as it stands in the script
    Span span;        // of the word it was made of
    bool verbatim = false;
    bool known = true;
};

// A variable: one value, or those of an array. Nothing where they are not known.
using Value = std::optional<std::vector<std::string>>;

class Variables {
  public:
    // Nothing where the script has not set it; its value, which may not be known, where it has.
    Value const* find(std::string const& name) const;
    void set(std::string const& name, Value value) { values_[name] = std::move(value); }
    void unset(std::string const& name) { values_.erase(name); }
    std::size_t size() const { return values_.size(); }
    // Those that are not the same in `other` are not known afterwards.
    void blur(Variables const& other);

    std::vector<Field> positional; // "$1" …
  private:
    std::map<std::string, Value> values_;
};

class Expander {
  public:
    // What a command substitution prints, where that is known.
    using Substitute = std::function<std::optional<std::string>(List const&)>;

    Expander(Sources const& sources, Variables& variables, Substitute substitute)
        : sources_(sources), variables_(variables), substitute_(std::move(substitute)) {}

    // Split into fields, and with patterns for file names, which nobody knows.
    std::vector<Field> fields(Word const& word);
    std::vector<Field> fields(std::vector<Word> const& words);
    // As in an assignment: one field.
    Field single(Word const& word);
    // A pattern of `case`: the characters that are special in it; nothing where it is not known.
    std::optional<std::string> pattern(Word const& word);
    // The pieces of a here-document.
    Field single(std::vector<Part> const& parts, Span span);
    // Whether all of the text matches the pattern.
    bool matches(std::string_view pattern, std::string_view text, Span span);

  private:
    struct Expansion; // of one word
    void expand(std::vector<Part> const& parts, bool splits, Expansion& out);
    Value value_of(Part const& part);
    Value operate(Part const& part, Value value);

    Sources const& sources_;
    Variables& variables_;
    Substitute substitute_;
    int depth_ = 0;
    std::size_t steps_left_ = 50'000'000; // of comparisons with patterns, in the whole script
};

} // namespace portcullis::shell
