// The words of a policy: names of objects, services and zones, and what they come to. Lists may name other lists.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "catalogue/toml_reader.hpp"
#include "portcullis/policy/policy.hpp"

namespace portcullis {

// Bounds: beyond them no policy is meant seriously.
constexpr std::size_t most_statements = 100'000;
constexpr std::size_t most_zones = 1'000;
constexpr std::size_t most_named = 100'000;     // objects, and services
constexpr std::size_t most_intervals = 100'000; // of one object
constexpr std::size_t deepest_nesting = 64;
constexpr std::size_t longest_name = 64;

// Whether it can be a name; an error where not. Names become comments and prefixes of logs on every target.
bool is_policy_name(std::string_view name, TomlPlace at, TomlReport& report);

// "10.0.0.0/8", "192.0.2.1-192.0.2.9"; nothing where it is none of them.
std::optional<Addresses> address_word(std::string_view word);
// "eth*" for "eth0", and for an "eth1*" of the device; a name for itself.
bool stands_for(std::string_view pattern, std::string_view interface);

// Lists of words by name, which may name each other; each is worked out once.
template <class Value> class Book {
  public:
    struct Entry {
        TomlMember const* member = nullptr;
        enum class State : std::uint8_t { unread, open, done } state = State::unread;
        Value value{};
    };

    // `work_out` turns the member of a list into its value.
    template <class WorkOut>
    Value const* find(std::string const& name, TomlPlace at, TomlReport& report, WorkOut const& work_out) {
        auto const found = entries.find(name);
        if (found == entries.end()) return nullptr;
        Entry& entry = found->second;
        if (entry.state == Entry::State::open || depth_ == deepest_nesting) {
            report.error(at, entry.state == Entry::State::open
                                 ? "'" + name + "' is a part of itself; take it out of one of the lists"
                                 : "lists are nested more than " + std::to_string(deepest_nesting) + " deep here");
            return &entry.value;
        }
        if (entry.state == Entry::State::unread) {
            entry.state = Entry::State::open;
            ++depth_;
            entry.value = work_out(*entry.member);
            --depth_;
            entry.state = Entry::State::done;
        }
        return &entry.value;
    }

    std::map<std::string, Entry, std::less<>> entries;

  private:
    std::size_t depth_ = 0;
};

class PolicyWords {
  public:
    PolicyWords(Policy const& policy, Catalogue const& catalogue, TomlReport& report)
        : policy_(policy), catalogue_(catalogue), report_(report) {}

    // The tables [objects] and [services].
    void add_objects(TomlMember const& member);
    void add_services(TomlMember const& member);
    // Works out all of them, so that one that nothing uses has its errors told too.
    void work_out();

    // "lan", "self", "any", "10.0.0.0/8": the end of a statement.
    End end(TomlMember const& member);
    // "https", "tcp/8443", "icmp/echo-request", "protocol/gre", "any".
    std::vector<Traffic> traffic(TomlMember const& member);
    // "10.0.0.0/8", "!10.1.0.0/16", names of objects: an object, or the networks of a zone.
    Addresses networks(TomlMember const& member);
    // All objects, by name; once they are worked out.
    std::vector<PolicyObject> objects() const;

  private:
    template <class Value> void add(TomlMember const& member, char const* kind, Book<Value>& book);
    Addresses const* object(std::string const& name, TomlPlace at);
    void add_traffic(std::string const& word, TomlPlace at, std::vector<Traffic>& into);
    std::optional<Traffic> transport_word(std::string_view transport, std::string const& rest, std::string const& word,
                                          TomlPlace at);
    std::vector<std::string_view> known_ends() const;

    Policy const& policy_;
    Catalogue const& catalogue_;
    TomlReport& report_;
    Book<Addresses> objects_;
    Book<std::vector<Traffic>> services_;
    std::map<std::string, std::size_t, std::less<>> zones_;
};

// Ports of one protocol together, nothing twice.
std::vector<Traffic> merged(std::vector<Traffic> traffic);
// Places with the same interfaces or the same addresses together.
std::vector<Place> merged(std::vector<Place> places);

} // namespace portcullis
