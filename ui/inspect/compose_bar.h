#pragma once

#include <vector>

#include <QString>
#include <QWidget>

#include "precedent/base/domain.h"
#include "precedent/core/run_spec.h"
#include "precedent/workspace/case_choice.h"
#include "ui/shell/inspect_order.h"

class QDoubleSpinBox;
class QHBoxLayout;
class QLabel;
class QPlainTextEdit;
class QPushButton;
class QSpinBox;
class QToolButton;

namespace precedent::ui {

class CaseFields;

/// A model that may be asked: as resolveModel() takes it, and as people read it.
struct AskableModel {
    QString name;
    QString title;

    bool operator==(const AskableModel&) const = default;
};

/// What is asked, and of whom: the request, its system turn, up to four columns of models by modes, sampling.
class ComposeBar final : public QWidget {
    Q_OBJECT
public:
    static constexpr int kMostColumns = 4;
    struct Column {
        AskableModel model;
        Mode mode;

        bool operator==(const Column&) const = default;
    };

    explicit ComposeBar(QWidget* parent = nullptr);

    void setChoices(std::vector<AskableModel> choices);
    void setBusy(bool busy);
    void setSensitive(bool sensitive);
    /// What an order leaves open stays as it is.
    void take(const InspectOrder& order);

    [[nodiscard]] std::vector<Column> columns() const;
    /// The system turn, if there is one, and the request; empty where nothing is to be asked.
    [[nodiscard]] std::vector<Message> messages() const;
    [[nodiscard]] core::Sampling sampling() const;
    [[nodiscard]] workspace::CaseChoice cases() const;
    /// What the models' turns begin with; empty where that is not shown.
    [[nodiscard]] std::string beginChain() const;
    [[nodiscard]] std::string beginAnswer() const;
    void beginWith(const QString& chain); ///< to be edited and continued
    [[nodiscard]] QWidget* requestField() const;
    void remember() const; ///< models, modes and sampling, for the next start
    void recall();

Q_SIGNALS:
    void askWanted();
    void stopWanted();
    void columnsChanged();
    void edited(); ///< the request or its system turn

protected:
    void paintEvent(QPaintEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void buildOptions(QHBoxLayout& row);
    [[nodiscard]] QToolButton* option(const char* name, const QString& words);
    /// A button that shows and hides a part of the form, whose `first` field then has the focus.
    [[nodiscard]] QToolButton* fold(const char* name, const QString& words, QWidget& part, QWidget& first);
    void buildSampling();
    void addModel(const AskableModel& model);
    void showModels();
    void showMenu();
    void changeColumns();
    void tellSampling();
    void follow();

    std::vector<AskableModel> m_choices;
    std::vector<AskableModel> m_models; ///< chosen, in order
    std::vector<Column> m_told; ///< as of the last columnsChanged()
    bool m_busy = false;
    bool m_sensitive = false;
    QPlainTextEdit* m_request;
    QPlainTextEdit* m_system;
    QPushButton* m_ask;
    QLabel* m_note;
    QHBoxLayout* m_chips;
    QToolButton* m_addModel;
    std::vector<QToolButton*> m_modes; ///< none, codes, cases
    QToolButton* m_showSystem;
    QPlainTextEdit* m_beginChain;
    QPlainTextEdit* m_beginAnswer;
    QWidget* m_begin = nullptr; ///< the two of them
    QToolButton* m_showBegin;
    QToolButton* m_sampling;
    QDoubleSpinBox* m_temperature;
    QDoubleSpinBox* m_topP;
    QSpinBox* m_maxTokens;
    CaseFields* m_cases;
    QSpinBox* m_seed;
};

} // namespace precedent::ui
