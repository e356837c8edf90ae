// Destinations with the same sources are one row of the set's diagram already. Sources are swept over the ends of the
// intervals of all rows, with the rows that they are in as their signature; an address is of one class with those that have
// its signature and its row.
#include "portcullis/engine/matrix.hpp"

#include <algorithm>
#include <map>

#include "portcullis/engine/budget.hpp"

namespace portcullis {

namespace {

constexpr std::size_t most_classes = 8192;

void check_count(std::size_t classes) {
    if (classes > most_classes) throw BudgetExceeded("addresses fall into more than 8192 classes");
}

// All addresses from `first` up to the next segment have the kind.
struct Segment {
    U128 first = 0;
    std::uint32_t kind = 0;
};
using Segments = std::vector<Segment>; // the first one begins at 0

using Signature = std::vector<std::uint64_t>; // a bit for each row

bool has(Signature const& signature, std::uint32_t row) { return (signature[row / 64] >> (row % 64) & 1U) != 0; }

// Where an address as a source enters or leaves a row.
struct Turn {
    U128 at = 0;
    std::uint32_t row = 0;
};

std::vector<Turn> turns_of(std::vector<Row> const& rows, U128 largest) {
    std::vector<Turn> turns;
    for (std::uint32_t row = 0; row < rows.size(); ++row) {
        for (Interval const& interval : rows[row].of.intervals()) {
            turns.push_back({interval.first, row});
            if (interval.last < largest) turns.push_back({interval.last + 1, row});
        }
    }
    std::sort(turns.begin(), turns.end(), [](Turn const& a, Turn const& b) { return a.at < b.at; });
    return turns;
}

struct SourceKinds {
    Segments segments;
    std::vector<Signature> signatures; // by kind
};

SourceKinds sweep(std::vector<Row> const& rows, U128 largest) {
    SourceKinds sources;
    std::map<Signature, std::uint32_t> kinds;
    Signature now((rows.size() + 63) / 64, 0);
    auto const begin_segment = [&](U128 first) {
        auto const [at, added] = kinds.emplace(now, static_cast<std::uint32_t>(kinds.size()));
        if (added) sources.signatures.push_back(now);
        check_count(kinds.size()); // each kind of source is a class at least, and so is each row
        sources.segments.push_back({first, at->second});
    };
    auto const turns = turns_of(rows, largest);
    if (turns.empty() || turns.front().at > 0) begin_segment(0);
    for (auto turn = turns.begin(); turn != turns.end();) {
        U128 const at = turn->at;
        for (; turn != turns.end() && turn->at == at; ++turn) now[turn->row / 64] ^= std::uint64_t{1} << (turn->row % 64);
        begin_segment(at);
    }
    return sources;
}

// By the row of an address as a destination; the number of rows where it is in none.
Segments destinations(std::vector<Row> const& rows, U128 largest) {
    auto const none = static_cast<std::uint32_t>(rows.size());
    std::vector<std::pair<Interval, std::uint32_t>> pieces;
    for (std::uint32_t row = 0; row < rows.size(); ++row)
        for (Interval const& interval : rows[row].by.intervals()) pieces.emplace_back(interval, row);
    std::sort(pieces.begin(), pieces.end(), [](auto const& a, auto const& b) { return a.first.first < b.first.first; });
    Segments segments;
    U128 next = 0; // the first address that no piece has had
    bool open = true;
    for (auto const& [interval, row] : pieces) {
        if (interval.first > next) segments.push_back({next, none});
        segments.push_back({interval.first, row});
        open = interval.last < largest;
        next = interval.last + 1;
    }
    if (open) segments.push_back({next, none});
    return segments;
}

} // namespace

Matrix address_matrix(PacketSet const& allowed, Family family) {
    U128 const largest = max_value(address_bits(family));
    auto const rows = allowed.rows(dst_field(family), src_field(family));
    if (!rows) throw BudgetExceeded("the addresses that are treated alike fall into too many intervals");
    check_count(rows->size());
    SourceKinds const sources = sweep(*rows, largest);
    Segments const targets = destinations(*rows, largest);

    using Kind = std::pair<std::uint32_t, std::uint32_t>; // as source, as destination
    std::map<Kind, std::size_t> known;
    std::vector<Kind> kinds;
    std::vector<std::vector<Interval>> members;
    std::size_t source = 0;
    std::size_t target = 0;
    for (U128 first = 0;;) {
        bool const more_sources = source + 1 < sources.segments.size();
        bool const more_targets = target + 1 < targets.size();
        U128 const next_source = more_sources ? sources.segments[source + 1].first : 0;
        U128 const next_target = more_targets ? targets[target + 1].first : 0;
        bool const last = !more_sources && !more_targets;
        U128 const next = more_sources && (!more_targets || next_source < next_target) ? next_source : next_target;
        Kind const kind{sources.segments[source].kind, targets[target].kind};
        auto const [at, added] = known.emplace(kind, kinds.size());
        if (added) {
            kinds.push_back(kind);
            check_count(kinds.size());
            members.emplace_back();
        }
        members[at->second].push_back({first, last ? largest : next - 1});
        if (last) break;
        if (more_sources && next_source == next) ++source;
        if (more_targets && next_target == next) ++target;
        first = next;
    }

    Matrix matrix{family, {}, {}};
    for (std::size_t a = 0; a < kinds.size(); ++a) {
        matrix.classes.push_back(IntervalSet::of(std::move(members[a])));
        Signature const& signature = sources.signatures[kinds[a].first];
        std::vector<bool> reached(kinds.size());
        for (std::size_t b = 0; b < kinds.size(); ++b)
            reached[b] = kinds[b].second < rows->size() && has(signature, kinds[b].second);
        matrix.opens.push_back(std::move(reached));
    }
    return matrix;
}

} // namespace portcullis
