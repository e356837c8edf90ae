// A JSON text as a tree of values with their places in it, which the messages of the nft reader need. The values
// lie in one array, each before what is in it, so that a list of a million addresses is a million small nodes.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "portcullis/model/finding.hpp"

namespace portcullis::nft_json {

enum class Kind : std::uint8_t { null, boolean, number, string, array, object, key };
std::string_view describe(Kind kind); // "a string"

class Tree;

// A value of a tree, by its position; valid as long as the tree.
class Value {
  public:
    Value(Tree const& tree, std::uint32_t index) : tree_(&tree), index_(index) {}

    std::uint32_t index() const { return index_; }
    Kind kind() const;
    Span span() const;
    // Of a string or key: what it stands for. Of anything else: as written.
    std::string_view text() const;
    // Where the byte at `at` of a string's text stands in the source.
    std::uint32_t offset_of(std::size_t at) const;
    bool empty() const { return after() == index_ + 1; } // nothing is in it
    // The member with this key; nothing in what is no object.
    std::optional<Value> find(std::string_view key) const;

    template <class Use> void each_item(Use use) const;   // of an array
    template <class Use> void each_member(Use use) const; // of an object: key and value

  private:
    friend class Tree;
    std::uint32_t after() const;

    Tree const* tree_;
    std::uint32_t index_;
};

class Tree {
  public:
    struct Node {
        std::uint32_t begin = 0;
        std::uint32_t end = 0;
        std::uint32_t after = 0; // the node that follows this one and all within it
        Kind kind = Kind::null;
    };

    Value root() const { return {*this, 0}; }
    // "nftables[3].rule.expr[0]"; the whole text is "the text".
    std::string path(Value value) const;

  private:
    friend class Value;
    friend class Builder;

    std::string_view text_;
    SourceId source_ = 0;
    std::vector<Node> nodes_;
    std::unordered_map<std::uint32_t, std::string> decoded_; // the strings that have escapes
};

// Nothing, and a finding, where the text is no JSON, nests deeper than 64, or has a key twice in one object.
std::optional<Tree> parse(std::string_view text, SourceId source, Findings& findings);

inline Kind Value::kind() const { return tree_->nodes_[index_].kind; }
inline std::uint32_t Value::after() const { return tree_->nodes_[index_].after; }

template <class Use> void Value::each_item(Use use) const {
    for (std::uint32_t i = index_ + 1; i < after();) {
        Value const item(*tree_, i);
        use(item);
        i = item.after();
    }
}

template <class Use> void Value::each_member(Use use) const {
    for (std::uint32_t i = index_ + 1; i < after();) {
        Value const value(*tree_, i + 1);
        use(Value(*tree_, i), value);
        i = value.after();
    }
}

} // namespace portcullis::nft_json
