"""Run a team as a state machine with a gate.

plan (协调) -> idea (创意) -> draft (内容) -> measure (评估) -> gate (a person) -> edit (编辑) -> done; feedback leads
from the gate over rewrite (内容) and measure back to it. A role that the team lacks is passed over. Every step ends in
a checkpoint; what comes next is decided here, never by a text.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from aigc_kit.core import paths
from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, NotOnDisk, OverBudget
from aigc_kit.promptlab import ask
from aigc_kit.promptlab.ask import AnswerCache, Asker, How
from aigc_kit.works.team import checkpoints
from aigc_kit.works.team.asks import Ask, ask_of, asks_in, paragraphs, sentences, unmet
from aigc_kit.works.team.outcome import Result
from aigc_kit.works.team.toolbox import opened, to_check, wrong_sums
from aigc_kit.works.team.writers import writer_for
from aigc_kit.works.writing import can_write

ROLES = ("内容", "编辑", "创意", "评估", "协调")
"""In the order in which a team grows: two members are 内容 and 编辑."""
NODES = {"plan": "协调", "idea": "创意", "draft": "内容", "measure": "评估", "rewrite": "内容", "edit": "编辑"}
_NEXT = {"plan": "idea", "idea": "draft", "draft": "measure", "measure": "gate", "rewrite": "measure", "edit": "done"}
MOST_TRIES = 3
CALLS = 60
CHECK = "［请人核对］"
_LEFT = re.compile(r"\*\*|^#{1,6}\s*|```|\[cite[^\]]*\]?|\[\d+\]\(@ref\)|\{\{?\s*\w+\s*\}?\}", re.MULTILINE)
State = dict[str, Any]


class CreativeTeam:
    """Let roles write, measure and edit, and a person decide.

    Args:
        project_type: "科普内容创作", or one with 客服 for replies of the shop.
        team_size: 2 to 5, of `ROLES`.
        human_in_loop: False passes the gate by itself.
        folder: of checkpoints, memory and answers; None: `out/team`, which must be empty to begin.
        asker: of another model; its answers are kept in its own cache.
        calls: most model calls in all, over all processes.
        sources: name -> text that the writer may read, looked at before.
        seed: of the first draft.

    Raises:
        BadInput: another size. NotOnDisk: no model for this project is here.
    """

    def __init__(
        self,
        project_type: str = "科普内容创作",
        team_size: int = 3,
        human_in_loop: bool = True,
        *,
        folder: Path | str | None = None,
        asker: Asker | None = None,
        calls: int = CALLS,
        sources: Mapping[str, str] | None = None,
        seed: int = 0,
    ) -> None:
        if not isinstance(team_size, int) or isinstance(team_size, bool) or not 2 <= team_size <= len(ROLES):
            raise BadInput(
                asked=f"team_size={team_size!r}",
                found=Words("no size of a team", "没有这么大的团队"),
                todo=Words(f"choose 2 to {len(ROLES)}", f"从 2 到 {len(ROLES)} 里选"),
            )
        self.folder = Path(folder) if folder is not None else paths.out() / "team"
        self.roles, self.calls, self.seed = ROLES[:team_size], calls, seed
        self.asker = asker or _asker(project_type, self.folder, calls)
        self.writer = writer_for(project_type, self.asker.model)
        self.state: State = {"step": 0, "at": "goal", "project": project_type, "size": team_size}
        self.state |= {"human": human_in_loop, "seed": seed, "goal": "", "model": self.asker.model, "trace": []}
        self.state |= {
            "sources": dict(sources or {}),
            "idea": "",
            "drafts": [],
            "asks": [],
            "feedback": "",
            "final": "",
        }

    @classmethod
    def resume(cls, folder: Path | str, *, asker: Asker | None = None, calls: int = CALLS) -> "CreativeTeam":
        """Go on with a project, also in another process.

        Raises:
            BadInput: no project there. CannotLoad: its newest checkpoint is cut.
        """
        state = checkpoints.load(Path(folder))
        team = cls(
            state["project"], state["size"], state["human"], folder=folder, asker=asker, calls=calls, seed=state["seed"]
        )
        team.state = state
        return team

    def set_goal(self, goal: str) -> None:
        """Say what is to be written.

        Raises:
            BadInput: no goal, one that the writer cannot be told, or a folder with another project.
        """
        if not goal.strip() or self.state["at"] != "goal":
            raise self._early(
                Words("to set a goal", "定目标"), Words("give it once, before the start", "开始以前定一次，不能是空的")
            )
        self.writer.check(goal)
        if checkpoints.steps(self.folder):
            raise BadInput(
                asked=Words(f"a new project in {self.folder.name}", f"在 {self.folder.name} 里开始新项目"),
                found=Words("another one is there", "那里已经有一个项目"),
                todo=Words(
                    "CreativeTeam.resume(folder), or another folder=",
                    "用 CreativeTeam.resume(文件夹) 接着做，或换一个 folder=",
                ),
            )
        self.state["goal"] = goal.strip()

    def start_project(self, on_step: Callable[[str, str], object] | None = None) -> State:
        """Work until the gate, or the end.

        Args:
            on_step: called with the node's name and "made" before its checkpoint is written, "saved" after.

        Returns:
            The state: "at" says where it stands.

        Raises:
            BadInput: no goal yet. OverBudget: the calls are spent; what was done is kept.
        """
        if not self.state["goal"]:
            raise self._early(Words("to start", "开始项目"), Words("set_goal('...') first", "先 set_goal('……')"))
        if self.state["at"] == "goal":
            self._commit(self.state | {"at": "plan"}, [], None)
        for _ in self.steps(on_step):
            pass
        return self.state

    def steps(self, on_step: Callable[[str, str], object] | None = None) -> Iterator[State]:
        """Yield the state after every step."""
        while self.state["at"] in NODES or (self.state["at"] == "gate" and not self.state["human"]):
            name = "edit" if self.state["at"] == "gate" else self.state["at"]
            has_role = NODES[name] in self.roles
            change, notes = getattr(self, f"_{name}")() if has_role else ({}, [])
            if on_step is not None:
                on_step(name, "made")
            self._commit(self.state | change | {"at": _NEXT[name]}, notes, name)
            if on_step is not None:
                on_step(name, "saved")
            yield self.state

    def asks(self, feedback: str) -> tuple[list[Ask], str]:
        """Read what feedback asks of the last draft.

        Raises:
            BadInput: no draft is waiting at the gate.
        """
        self._at_gate(Words("feedback", "提意见"))
        return asks_in(feedback, self.state["drafts"][-1]["text"], shop=self.writer.shop)

    def provide_feedback(
        self, feedback: str, asks: Sequence[Ask] | None = None, on_step: Callable[[str, str], object] | None = None
    ) -> State:
        """Have the draft rewritten, and stop at the gate again.

        Args:
            feedback: in words.
            asks: as edited; None takes what `asks` reads.

        Raises:
            BadInput: before the first draft, or nothing that could be measured.
        """
        self._asked(feedback, asks)
        return self.start_project(on_step)

    def decide(self, feedback: str) -> State:
        """Leave the gate by a decision.

        Feedback leads to a rewrite, "" to the end. Nothing is written yet; `steps` goes on.

        Raises:
            BadInput: no draft is waiting at the gate, or nothing that could be measured.
        """
        if feedback:
            self._asked(feedback, None)
        else:
            self._at_gate(Words("a decision", "作决定"))
            self._commit(self.state | {"at": "edit"}, [], "gate")
        return self.state

    def _asked(self, feedback: str, asks: Sequence[Ask] | None) -> None:
        """Commit what feedback asks for."""
        read, _ = self.asks(feedback)
        wanted = list(read if asks is None else asks)
        if not wanted:
            raise BadInput(
                asked=Words(f"a rewrite after {feedback[:40]!r}", f"按 {feedback[:40]!r} 改写"),
                found=Words("nothing in it can be measured", "里面没有一条能测量的要求"),
                todo=Words(
                    "ask for shorter sentences or an example, or pass asks=[Ask(...)]",
                    "说“句子短一些”“举个例子”这样的话，或直接给 asks=[Ask(...)]",
                ),
            )
        self._commit(
            self.state | {"at": "rewrite", "feedback": feedback, "asks": [each.as_row() for each in wanted]},
            [feedback],
            "gate",
        )

    def get_final_result(self, on_step: Callable[[str, str], object] | None = None) -> Result:
        """Accept the last draft, have it edited, and return it.

        Raises:
            BadInput: no draft yet.
        """
        if self.state["at"] == "gate":
            self.decide("")
        if self.state["at"] == "edit":
            self.start_project(on_step)
        if self.state["at"] != "done":
            raise self._early(Words("the result", "取结果"), Words("start_project() first", "先 start_project()"))
        return Result(self.state, checkpoints.spent(self.folder), checkpoints.remembered(self.folder))

    def _plan(self) -> tuple[State, list[str]]:
        left = self.calls - checkpoints.spent(self.folder)
        return {}, [f"预算还有 {left} 次调用；每改一稿最多抽 {MOST_TRIES} 次"]

    def _idea(self) -> tuple[State, list[str]]:
        idea = self.writer.idea(self.state["goal"], self._ask)
        return {"idea": "" if self.writer.shop else " ".join(idea.split())}, [idea]

    def _draft(self) -> tuple[State, list[str]]:
        text = self._written([], self.state["seed"])
        return {"drafts": [{"text": text, "asks": [], "tries": 1, "first": text, "control": ""}]}, []

    def _rewrite(self) -> tuple[State, list[str]]:
        asks = [ask_of(row) for row in self.state["asks"]]
        seed = self.state["seed"] + 100 * len(self.state["drafts"])
        only = {each.part for each in asks} - {0} if all(each.part for each in asks) else set()
        control, tries = self._written([], seed, only), list[str]()
        while len(tries) < MOST_TRIES and not (tries and not unmet(tries[-1], asks)):
            tries.append(self._written(asks, seed + len(tries), only))
        best = min(tries, key=lambda text: len(unmet(text, asks)))
        row = {"text": best, "asks": self.state["asks"], "tries": len(tries), "first": tries[0], "control": control}
        return {"drafts": [*self.state["drafts"], row]}, [f"抽了 {len(tries)} 次"]

    def _measure(self) -> tuple[State, list[str]]:
        text = self.state["drafts"][-1]["text"]
        notes = [f"{each.says}：量得 {each.measured(text):g}" for each in self.writer.measured]
        notes += [f"算错：{words}，应当是 {truth:g}" for words, truth in wrong_sums(text)]
        return {}, notes

    def _edit(self) -> tuple[State, list[str]]:
        clean = _LEFT.sub("", self.state["drafts"][-1]["text"])
        parts, marked = [], 0
        for paragraph in paragraphs(clean):
            told = []
            for sentence in sentences(paragraph):
                claims = not self.writer.shop and to_check(sentence)
                marked += claims
                told.append(sentence + (CHECK if claims else ""))
            parts.append(("" if self.writer.shop else " ").join(told))
        return {"final": "\n\n".join(parts)}, [f"{marked} 句要请人核对"]

    def _written(self, asks: Sequence[Ask], seed: int, only: Collection[int] = ()) -> str:
        """Write these parts, the others as they were."""
        sources = [opened(name, text) for name, text in self.state["sources"].items()]
        material = " ".join(source.text for source in sources if source.text)
        parts = self.writer.parts(self.state["goal"], asks, material, self._ask, seed, only)
        if parts[0]:
            parts[0] = f"{self.state['idea']} {parts[0]}".strip()
        old = paragraphs(self.state["drafts"][-1]["text"]) if only else list[str]()
        old += [""] * (len(parts) - len(old))
        return "\n\n".join(part or before for part, before in zip(parts, old, strict=False) if part or before)

    def _ask(self, prompts: Sequence[str], seed: int) -> list[str]:
        """Ask all at a time.

        What takes no chance is asked once, whatever the seed.
        """
        cold = seed == 0 or (self.writer.shop and seed % 100 == 0)
        how = {"seed": 0, "temperature": 0.0} if cold else {"seed": seed, "temperature": 0.7}
        try:
            return [answer.text.strip() for answer in self.asker.answers(prompts, **how)]
        except OverBudget:
            more = self.calls + CALLS
            raise OverBudget(
                asked=Words(f"another call of {self.asker.model}", f"再问 {self.asker.model} 一次"),
                found=Words(f"the {self.calls} calls are spent", f"{self.calls} 次调用已经用完；做完的都在"),
                todo=Words(
                    f"CreativeTeam.resume(folder, calls={more})", f"用 CreativeTeam.resume(文件夹, calls={more}) 接着做"
                ),
            ) from None

    def _commit(self, state: State, notes: Sequence[str], name: str | None) -> None:
        """Remember, then write the checkpoint: the step is done."""
        step = self.state["step"] + 1
        role = NODES.get(name or "", "人" if name == "gate" else "")
        rows = [{"step": step, "role": role, "node": name, "words": words} for words in notes]
        if name in ("draft", "rewrite") and state["drafts"]:
            rows += _measured(state["drafts"], step)
        held = [opened(n, t) for n, t in state["sources"].items()] if name == "draft" else []
        rows += [
            {"step": step, "role": "工具", "node": name, "words": f"来源 {s.name} 被拦下：{s.why}"}
            for s in held
            if s.why
        ]
        checkpoints.remember(self.folder, step, role, [row["words"] for row in rows])
        state = state | {"step": step, "trace": [*self.state["trace"], *rows]}
        checkpoints.save(self.folder, state)
        self.state = state

    def _at_gate(self, asked: Words) -> None:
        if self.state["at"] != "gate":
            raise self._early(
                asked,
                Words(
                    "start_project() first; it stops where a person is needed",
                    "先 start_project()，它会停在需要人的地方",
                ),
            )

    def _early(self, asked: Words, todo: Words) -> BadInput:
        return BadInput(
            asked=asked,
            found=Words(f"the project is at {self.state['at']!r}", f"项目现在在 {self.state['at']!r}"),
            todo=todo,
        )


def _measured(drafts: Sequence[Mapping[str, Any]], step: int) -> list[dict[str, Any]]:
    """Lay what was asked beside what each draft measures."""
    new = drafts[-1]
    rows = []
    for ask_row in new["asks"]:
        each = ask_of(ask_row)
        before = each.measured(drafts[-2]["text"]) if len(drafts) > 1 else 0.0
        now, without = each.measured(new["text"]), each.measured(new["control"])
        words = f"{each.says}：原来 {before:g}，现在 {now:g}，不提意见的对照 {without:g}"
        rows.append({"step": step, "role": "评估", "node": "asks", "words": words, "met": each.met(new["text"])})
    return rows


def _asker(project_type: str, folder: Path, calls: int) -> Asker:
    name = "tinychat" if "客服" in project_type else can_write() or "smollm2-135m"
    try:
        backend = ask.model(name).backend
    except NotOnDisk as error:
        raise NotOnDisk(
            asked=Words(f"a team for {project_type}", f"做“{project_type}”的团队"),
            found=error.told.found,
            todo=error.told.todo,
        ) from None
    left = max(0, calls - checkpoints.spent(folder))
    return Asker(backend, calls=left, cache=AnswerCache(folder / checkpoints.ANSWERS), how=How(max_new_tokens=90))
