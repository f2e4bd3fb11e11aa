#include "corpuscle/tune/study_page.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <regex>

#include "corpuscle/tune/asha.hpp"
#include "corpuscle/tune/random_search.hpp"
#include "corpuscle/tune/tpe.hpp"
#include "tune/made_study.hpp"
#include "tune/other_program.hpp"

namespace corpuscle::tune {
namespace {

StudyRecord sixty_trials() {
  AshaStopping scheduler({60, 2, 54, 3}, StoppingRule::percentile);
  Tpe searcher(test::made_space(), 3);
  return test::made_study(scheduler, searcher, 60);
}

std::size_t count(std::string const& text, std::string_view what) {
  std::size_t n = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

/// The page without style and script.
std::string markup(StudyRecord const& study) {
  std::string page = study_page(study);
  for (std::string const name : {"style", "script"}) {
    std::size_t const begin = page.find('<' + name + '>');
    page.erase(begin, page.find("</" + name + '>') + name.size() + 3 - begin);
  }
  return page;
}

/// The first element that is closed where it was not open, or left open; empty if there is none.
std::string first_unbalanced(std::string const& page) {
  std::vector<std::string> open;
  std::regex const tag(R"re(<(/?)([a-z0-9A-Z]+)((?:[^<>"]|"[^<>"]*")*)>)re");
  for (std::sregex_iterator at(page.begin(), page.end(), tag), end; at != end; ++at) {
    std::string const name = (*at)[2];
    if (name == "meta" || at->str(3).ends_with('/')) continue;
    if (at->str(1).empty()) {
      open.push_back(name);
    } else if (open.empty() || open.back() != name) {
      return at->str();
    } else {
      open.pop_back();
    }
  }
  return open.empty() ? "" : open.back();
}

TEST(StudyPage, ShowsEveryTrialInEveryFigureAndInTheTable) {
  std::string const page = markup(sixty_trials());
  // Line, point, curve, row.
  for (int trial : {0, 25, 59}) EXPECT_EQ(count(page, "data-t=\"" + std::to_string(trial) + '"'), 4) << trial;
  EXPECT_EQ(count(page, "<polyline"), 60);
  EXPECT_EQ(count(page, "<tr data-t="), 60);
  EXPECT_EQ(first_unbalanced(page), "");
}

TEST(StudyPage, NeedsNothingFromElsewhere) {
  std::string const page = study_page(sixty_trials());
  for (char const* word : {"http:", "https:", "src=", "@import", "<link"})
    EXPECT_EQ(count(page, word), 0) << word;
  EXPECT_EQ(count(page, "url("), count(page, "url(#"));  // all of them places on the page
}

TEST(StudyPage, NamesTheBestAndWhatWasSaved) {
  StudyRecord study = sixty_trials();
  ASSERT_TRUE(study.best);
  std::size_t const best = study.best->row();
  study.trials[best].score = 0.123456;
  long trained = 0;
  long saved = 0;
  for (TrialRecord const& trial : study.trials) trained += static_cast<long>(trial.losses.size());
  for (Decision const& decision : study.decisions) saved += decision.epochs_saved;
  std::string const page = markup(study);
  EXPECT_EQ(count(page, "<div class=\"value\">0.12346</div>"), 1);
  EXPECT_EQ(count(page, "trial " + std::to_string(best) + ", complete at epoch 54</div>"), 1);
  EXPECT_EQ(count(page, "<div class=\"value\">" + std::to_string(trained) + "</div>"), 1);
  // Groups of three digits have a narrow space between them.
  ASSERT_TRUE(saved >= 1000 && saved < 10000);
  std::string digits = std::to_string(saved);
  digits.insert(1, "\u202f");
  EXPECT_EQ(count(page, digits + " saved by stopping early"), 1);
}

TEST(StudyPage, WarnsOfABestAtTheEdge) {
  StudyRecord study = sixty_trials();
  EXPECT_EQ(count(markup(study), "At the edge of the space"),
            study.space.edge_warnings(study.trials[study.best->row()].configuration).empty() ? 0 : 1);
  study.trials[study.best->row()].configuration[4] = 8;
  EXPECT_EQ(count(markup(study), "<li>layers = 8 lies at the upper end"), 1);
}

TEST(StudyPage, NamesCannotBreakOutOfTheirPlace) {
  StudyRecord study = sixty_trials();
  std::string const evil = "<script>\"&'</title></svg>";
  study.name = study.scheduler = study.searcher = evil;
  for (Parameter& parameter : study.space.parameters) parameter.name += evil;
  study.space.parameters[0].values[0] = evil;
  for (Decision& decision : study.decisions) decision.reason = evil;
  for (TrialRecord& trial : study.trials) trial.worker = evil;
  std::string const page = markup(study);
  EXPECT_EQ(count(page, "<script"), 0);
  EXPECT_EQ(count(page, "\"&'"), 0);
  EXPECT_EQ(first_unbalanced(page), "");
}

TEST(StudyPage, CanBeMadeAtAnyTime) {
  StudyRecord study;
  EXPECT_EQ(first_unbalanced(markup(study)), "");
  study.space = test::made_space();
  study.max_epochs = 10;
  EXPECT_EQ(first_unbalanced(markup(study)), "");
  study.trials.resize(2);
  for (TrialRecord& trial : study.trials) trial.configuration = study.space.first_guesses[0];
  EXPECT_EQ(count(markup(study), "No trial has a score yet"), 1);
  study.trials[0].losses = {std::nan("")};
  study.trials[0].score = HUGE_VAL;
  study.trials[0].state = TrialState::failed;
  EXPECT_EQ(count(markup(study), "No trial has a score yet"), 1);
  study.trials[1].losses = {3};
  study.trials[1].score = 3;
  std::string const page = markup(study);
  EXPECT_EQ(count(page, "best score so far"), 1);
  EXPECT_EQ(first_unbalanced(page), "");
  EXPECT_EQ(count(page, "=\"nan") + count(page, "inf\""), 0);  // no coordinate is lost
}

TEST(StudyPage, OfManyTrialsTheFiguresShowTheBestAndSomeOthers) {
  RandomSearch searcher(test::made_space(), 1);
  StudyRecord study;
  study.space = searcher.space();
  study.max_epochs = 1000;
  for (std::size_t i = 0; i < 3000; ++i) {
    TrialRecord& trial = study.trials.emplace_back();
    trial.configuration = searcher.suggest();
    searcher.add({trial.configuration, TrialState::running, {}}, false);
    trial.state = TrialState::complete;
    trial.score = static_cast<double>((i * 7919) % 3000);
    trial.losses.assign(1000, *trial.score);
  }
  study.best = TrialId(0);  // its score is 0
  std::string const page = markup(study);
  EXPECT_EQ(count(page, "<polyline"), 500);
  EXPECT_EQ(count(page, "<tr data-t="), 1000);
  EXPECT_EQ(count(page, "draw 500 of 3\u202f000 trials"), 1);
  EXPECT_LT(page.size(), 4u << 20U);
}

TEST(StudyPage, AnswersToTheMouseInABrowser) {
  std::string browser =
      test::run("command -v chromium chromium-browser google-chrome chromium-headless-shell | head -n 1")
          .output;
  if (browser.empty()) GTEST_SKIP() << "there is no Chromium (Debian: chromium or chromium-headless-shell)";
  browser.pop_back();  // the end of the line

  // Points at trial 25 in the table, then drags over the whole axis of `width`, then over none of its values.
  std::string const script = R"(<script>
    var row = document.querySelector('tr[data-t="25"]'), results = [];
    row.scrollIntoView();
    var box = row.getBoundingClientRect();
    document.elementFromPoint(box.left + 9, box.top + 9).dispatchEvent(
      new MouseEvent('mousemove', {bubbles: true, clientX: box.left + 9, clientY: box.top + 9}));
    results.push(document.querySelectorAll('.on').length);
    results.push(document.getElementById('about').textContent.slice(0, 9));
    var axis = document.querySelector('[data-axis="2"]');
    axis.scrollIntoView();
    axis.setPointerCapture = function() {};
    axis.hasPointerCapture = function() { return true; };
    var place = axis.getBoundingClientRect();
    function drag(from, to) {
      [['pointerdown', from], ['pointermove', to], ['pointerup', to]].forEach(function(step) {
        axis.dispatchEvent(new PointerEvent(step[0], {clientX: place.left + 9, clientY: step[1], pointerId: 1}));
      });
      return document.querySelectorAll('polyline.off').length + '+' + document.querySelectorAll('tr.off').length;
    }
    results.push(drag(place.top, place.bottom));
    results.push(drag(place.top - 40, place.top - 20));
    results.push(drag(place.top, place.top));
    document.title = results.join(' | ');
  </script>)";
  test::Folder const folder;
  folder.write("page.html", study_page(sixty_trials()) + script);
  std::string const page =
      test::run("timeout 120 '" + browser + "' --headless --no-sandbox --disable-gpu --user-data-dir='" +
                (folder / "profile") + "' --dump-dom 'file://" + (folder / "page.html") + "' 2>/dev/null")
          .output;
  std::size_t const title = page.find("<title>");
  ASSERT_NE(title, std::string::npos);
  EXPECT_EQ(page.substr(title + 7, page.find("</title>") - title - 7), "4 | trial 25, | 0+0 | 60+60 | 0+0");
}

}  // namespace
}  // namespace corpuscle::tune
