// A reader of words: keywords lead their lists, and what is behind no keyword is the service.
#include "portcullis/query/question.hpp"

#include <algorithm>
#include <stdexcept>

#include "catalogue/networks.hpp"
#include "portcullis/base/did_you_mean.hpp"
#include "portcullis/base/visible.hpp"

namespace portcullis {

namespace {

constexpr std::string_view keywords[] = {"from", "to", "in", "out", "state", "path"};

// A piece of the text between blanks or commas, and the column of its first code point, from 1.
struct Word {
    std::string_view text;
    std::size_t column = 1;
};
// Words with commas between them.
using List = std::vector<Word>;

struct Mistake : std::runtime_error {
    using std::runtime_error::runtime_error;
};

[[noreturn]] void fail(Word const& word, std::string const& expected) {
    std::string const found = word.text.empty() ? "nothing" : '\'' + shortened(word.text, 60) + '\'';
    throw Mistake("column " + std::to_string(word.column) + ": found " + found + ", expected " + expected);
}

class Lists {
  public:
    explicit Lists(std::string_view text) : rest_(text) { skip_blanks(); }

    bool at_end() const { return rest_.empty(); }
    // The place behind the last list.
    Word end() const { return {{}, column_}; }

    // Up to the next blank that stands behind no comma.
    List next() {
        List list;
        for (;;) {
            std::size_t const length = std::min(rest_.find_first_of(" \t\r\n,"), rest_.size());
            list.push_back({rest_.substr(0, length), column_});
            advance(length);
            if (!rest_.starts_with(',')) break;
            advance(1);
            skip_blanks();
        }
        skip_blanks();
        return list;
    }

  private:
    void advance(std::size_t bytes) {
        column_ += static_cast<std::size_t>(std::count_if(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(bytes),
                                                          [](char c) { return (c & 0xC0) != 0x80; })); // UTF-8
        rest_.remove_prefix(bytes);
    }
    void skip_blanks() { advance(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }

    std::string_view rest_;
    std::size_t column_ = 1;
};

// A leading "!", taken away.
bool take_exclusion(Word& word) {
    if (!word.text.starts_with('!')) return false;
    word.text.remove_prefix(1);
    ++word.column;
    return true;
}

class Reader {
  public:
    Reader(std::string_view text, Config const& config) : lists_(text), config_(config) { question_.text = text; }

    void read_verb() {
        Word const verb = lists_.at_end() ? lists_.end() : lists_.next().front();
        if (verb.text == "denied") question_.verb = Question::Verb::denied;
        else if (verb.text != "allowed") fail(verb, "allowed or denied" + did_you_mean_text(verb.text, {"allowed", "denied"}));
    }

    Question read_rest() {
        while (!lists_.at_end()) {
            List const list = lists_.next();
            Word const& first = list.front();
            auto const keyword = std::find(std::begin(keywords), std::end(keywords), first.text);
            if (list.size() > 1 || keyword == std::end(keywords)) {
                read_services(list);
                continue;
            }
            note_once(first);
            if (lists_.at_end()) fail(lists_.end(), "what follows '" + std::string(first.text) + '\'');
            read_clause(first.text, lists_.next());
        }
        return std::move(question_);
    }

  private:
    void note_once(Word const& keyword) {
        if (std::find(seen_.begin(), seen_.end(), keyword.text) != seen_.end())
            fail(keyword, "each word once; commas separate several");
        seen_.push_back(keyword.text);
    }

    void read_clause(std::string_view keyword, List const& list) {
        if (keyword == "from") question_.from = places(list);
        if (keyword == "to") question_.to = places(list);
        if (keyword == "in") question_.in = interfaces(list);
        if (keyword == "out") question_.out = interfaces(list);
        if (keyword == "state") question_.states = states(list);
        if (keyword == "path") {
            if (list.size() > 1) fail(list[1], "one path");
            question_.path = list.front().text;
        }
    }

    void read_services(List const& list) {
        if (!question_.services.empty()) {
            fail(list.front(), "from, to, in, out, state or path, since there is a service; commas separate several services" +
                                   did_you_mean_text(list.front().text, {std::begin(keywords), std::end(keywords)}));
        }
        for (Word const& word : list) {
            ParsedService parsed = parse_service(word.text, config_.catalogue);
            if (!parsed.error.empty()) {
                std::string const keyword = did_you_mean_text(word.text, {std::begin(keywords), std::end(keywords)});
                bool const meant = list.size() == 1 && !keyword.empty();
                fail(word, meant ? "from, to, in, out, state, path or a service" + keyword : parsed.error);
            }
            question_.services.push_back(std::move(parsed.word));
        }
    }

    std::vector<Question::Place> places(List const& list) const {
        std::vector<Question::Place> all;
        for (Word word : list) {
            Question::Place place;
            place.excluded = take_exclusion(word);
            read_place(word, place);
            all.push_back(std::move(place));
        }
        return all;
    }

    void read_place(Word const& word, Question::Place& place) const {
        using enum Question::Place::Kind;
        auto const is_named = [&](Zone const& zone) { return zone.name == word.text; };
        if (word.text == "any") {
            place.kind = any;
        } else if (word.text == "self") {
            place.kind = self;
        } else if (std::any_of(config_.zones.begin(), config_.zones.end(), is_named)) {
            place.kind = zone;
            place.zone = word.text;
        } else if (word.text == "internet") {
            place.kind = internet;
        } else if (auto range = parse_address_range(word.text)) {
            place.kind = network;
            place.family = range->family;
            place.addresses = std::move(range->set);
        } else {
            fail(word, expected_place(word.text));
        }
    }

    std::string expected_place(std::string_view word) const {
        if (auto const better = without_host_bits(word)) return "no bits below the prefix: " + *better;
        std::vector<std::string_view> known{"any", "self", "internet"};
        for (Zone const& zone : config_.zones) known.push_back(zone.name);
        return "an address, a prefix, a range, any, self, internet or a zone" + did_you_mean_text(word, known);
    }

    static std::vector<Question::Interface> interfaces(List const& list) {
        std::vector<Question::Interface> all;
        for (Word word : list) {
            bool const excluded = take_exclusion(word);
            if (!is_interface_pattern(word.text)) fail(word, "an interface such as eth0, or eth* for all that begin so");
            all.push_back({std::string(word.text), excluded});
        }
        return all;
    }

    static IntervalSet states(List const& list) {
        IntervalSet all;
        for (Word const& word : list) {
            if (word.text == "any") {
                all = IntervalSet(0, info(Field::ct_state).largest);
                continue;
            }
            auto const state = value_by_name(Field::ct_state, word.text);
            if (!state) {
                fail(word, "new, established, related, invalid, untracked or any" +
                               did_you_mean_text(word.text, {"new", "established", "related", "invalid", "untracked", "any"}));
            }
            all = all.united(IntervalSet::single(*state));
        }
        return all;
    }

    Lists lists_;
    Config const& config_;
    Question question_;
    std::vector<std::string_view> seen_;
};

ParsedQuestion parse(std::string_view text, Config const& config, bool with_verb) {
    if (text.size() > longest_question)
        return {std::nullopt, "the question has more than " + std::to_string(longest_question) + " bytes"};
    try {
        Reader reader(text, config);
        if (with_verb) reader.read_verb();
        return {reader.read_rest(), ""};
    } catch (Mistake const& mistake) {
        return {std::nullopt, mistake.what()};
    }
}

} // namespace

ParsedQuestion parse_question(std::string_view text, Config const& config) { return parse(text, config, true); }
ParsedQuestion parse_phrase(std::string_view text, Config const& config) { return parse(text, config, false); }

} // namespace portcullis
